//! Papers: legal, public, test fixtures, and a file with nothing in it.

use crate::values::people::{Country, Person};
use crate::values::{ids, money, test_values};
use crate::{DOMAIN, Share, rng};

pub fn add(share: &mut Share) {
    share.add("legal/board-minutes-2026-01.txt", minutes());
    share.add("legal/contract-harbourline.txt", contract());
    share.add("legal/signed/countersigned.txt", Vec::new());
    share.add("test/fixtures.csv", fixtures());
    share.add("public/press-release.txt", PRESS);
    share.add("public/opening-hours.csv", HOURS);
}

fn minutes() -> String {
    let mut rng = rng("legal/minutes");
    let (chair, cfo, leaver) = (
        Person::from(&mut rng, Country::Gb),
        Person::from(&mut rng, Country::De),
        Person::from(&mut rng, Country::Us),
    );
    format!(
        "STRICTLY CONFIDENTIAL - BOARD MEMBERS ONLY\n\nLarkspur Logistics\nMinutes of the board meeting of 22 January 2026\n\n\
         Present: {} (chair), {} (finance)\nApologies: none\n\n1. Project Kittiwake\nThe board takes note of the offer for \
         Harbourline Freight. Until the announcement this is inside information; the list of insiders is kept by the chair. \
         Do not forward.\n\n2. Settlement\n{} leaves on 31 March with a payment of 48,000. SSN {} for the tax form; paid to \
         routing number {}. Attorney-client privileged: the opinion of counsel is attached to the original only.\n\n\
         3. Dates\nNext meeting on 19 February. Minutes: {}\n",
        chair.name(),
        cfo.name(),
        leaver.name(),
        ids::us_ssn(&mut rng),
        money::routing_number(&mut rng),
        chair.work_email(DOMAIN),
    )
}

fn contract() -> String {
    let mut rng = rng("legal/contract");
    let signer = Person::from(&mut rng, Country::Nl);
    format!(
        "MASTER SERVICES AGREEMENT\n\nCONFIDENTIAL AND PROPRIETARY\n\nbetween Larkspur Logistics and Nordwind Handel GmbH, \
         VAT {}\n\n1. Confidential Information. Each party keeps the other's Confidential Information secret for five years \
         after the end of this Agreement.\n\n2. Fees. Fees are paid within 30 days to {} ({}).\n\n3. Notices. To {}, \
         vertrag@nordwind-handel.de.\n\nSigned for Nordwind: {}, born {}, BSN {}\n",
        ids::de_vat(&mut rng),
        money::on_paper(&money::iban_nl(&mut rng)),
        money::swift(&mut rng),
        signer.work_email(DOMAIN),
        signer.name(),
        signer.born.dotted(),
        ids::nl_bsn(&mut rng),
    )
}

/// Values that manuals print; they are shown, but raise no tier.
fn fixtures() -> String {
    use test_values::{ADDRESSES, CARDS, EMAILS, IBANS, PHONES, SSNS};
    let mut out = String::from("name,email,phone,card_number,ip,ssn,iban\n");
    for n in 0..24 {
        out.push_str(&format!(
            "Test User {n},{},{},{},{},{},{}\n",
            EMAILS[n % EMAILS.len()],
            PHONES[n % PHONES.len()],
            CARDS[n % CARDS.len()],
            ADDRESSES[n % ADDRESSES.len()],
            SSNS[n % SSNS.len()],
            IBANS[n % IBANS.len()],
        ));
    }
    out
}

const PRESS: &str = "Larkspur Logistics opens its second hub

The new hub beside the river handles 14,000 parcels a day and runs on the sun from its own roof. \"We wanted a building
that gives back,\" says the company. Neighbours are welcome on the open day, the last Saturday in April, from ten to four.

Larkspur Logistics moves goods for small shops in eight countries. It was founded in 1998 and employs 180 people.
";

const HOURS: &str = "hub,monday_to_friday,saturday,sunday
River,06:00-22:00,08:00-14:00,closed
Hill,07:00-20:00,closed,closed
";
