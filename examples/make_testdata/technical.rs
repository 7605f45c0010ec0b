//! What machines write and administrators leave lying about.

use crate::values::people::Person;
use crate::values::{Rng, ids, money, people, secrets};
use crate::{DOMAIN, Result, Share, pack, rng};

pub fn add(share: &mut Share) -> Result<()> {
    share.add("logs/app-2026-03.log.gz", pack::gzip(app_log().as_bytes())?);
    share.add("logs/access.log", access_log());
    share.add("backup/old-share.tar.zst", pack::zstd(&old_share()?)?);
    share.add("backup/mailbox-solberg.txt.gz", damaged_gzip()?);
    share.add("it/deploy.env", deploy_env());
    share.add("it/id_rsa.bak", secrets::private_key(&mut rng("it/id_rsa")));
    share.add("it/devices.csv", devices());
    share.add("it/badge-reader.dat", badge_reader());
    share.add("src/billing/config.py", config_py());
    share.add("src/billing/charge.py", CHARGE_PY);
    share.add(".cache/sessions.json", sessions());
    Ok(())
}

fn clock(rng: &mut Rng) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", rng.below(24), rng.below(60), rng.below(60), rng.below(1000))
}

fn app_log() -> String {
    let mut rng = rng("logs/app");
    let mut lines = Vec::new();
    for n in 0..900_u64 {
        let who = Person::any(&mut rng);
        let line = match n % 9 {
            0 => format!("INFO  auth: login ok user={} ip={}", who.email, people::ipv4(&mut rng)),
            1 => format!(
                "INFO  tracking: parcel 4411{} scanned at hub {}",
                rng.below(999_999),
                rng.between(1, 40)
            ),
            2 => format!("DEBUG http: GET /v2/orders/{} 200 {}ms", rng.below(99_999), rng.between(2, 800)),
            3 => format!("WARN  mail: bounce for {}", who.email),
            // A developer's debugging line that should never have gone live.
            4 if n % 180 == 4 => {
                format!("DEBUG billing: payload pan={} cvv=*** amount=129.00", money::visa(&mut rng))
            }
            _ => format!(
                "INFO  scheduler: job {:08x} done in {}ms",
                rng.next_u64() as u32,
                rng.between(5, 90_000)
            ),
        };
        lines.push(format!("2026-03-{:02}T{}Z {line}\n", 1 + n / 30, clock(&mut rng)));
    }
    lines.sort();
    lines.concat()
}

fn access_log() -> String {
    let mut rng = rng("logs/access");
    let addresses: Vec<String> = (0..40).map(|_| people::ipv4(&mut rng)).collect();
    let mut times: Vec<String> = (0..260).map(|_| clock(&mut rng)).collect();
    times.sort();
    let mut out = String::new();
    for (n, time) in times.iter().enumerate() {
        let from = if n % 37 == 5 { people::ipv6(&mut rng) } else { rng.pick(&addresses).clone() };
        let path = match n % 29 {
            7 => format!("/account/reset?email={}", Person::any(&mut rng).email.replace('@', "%40")),
            11 => format!("/search?q={}", Person::any(&mut rng).email),
            _ => (*rng.pick(&["/", "/track", "/assets/app.css", "/prices", "/careers"])).to_owned(),
        };
        out.push_str(&format!(
            "{from} - - [02/Mar/2026:{} +0000] \"GET {path} HTTP/1.1\" {} {}\n",
            &time[..8],
            rng.pick(&[200, 200, 200, 304, 404]),
            rng.between(180, 42_000),
        ));
    }
    out
}

fn old_share() -> Result<Vec<u8>> {
    let mut rng = rng("backup/old-share");
    let mut visitors = String::from("date,visitor,company,plate,passport_no,host\n");
    for _ in 0..25 {
        let who = Person::any(&mut rng);
        visitors.push_str(&format!(
            "{},{},{},{},{},{}\n",
            rng.date(2016, 2017).iso(),
            who.name(),
            rng.pick(&["Harbourline", "Oberland", "Tideway"]),
            format_args!("KS-{} {}", rng.chars("ABCDEFGH", 2), rng.between(100, 9_999)),
            ids::de_id_card(&mut rng),
            Person::any(&mut rng).work_email(DOMAIN),
        ));
    }
    let mut drivers = String::new();
    for _ in 0..20 {
        let who = Person::any(&mut rng);
        let (_, id) = ids::national_id(&mut rng, who.country);
        drivers.push_str(&format!(
            "{{\"driver\":\"{}\",\"born\":\"{}\",\"id\":\"{id}\",\"vin\":\"{}\",\"handset\":{{\"imei\":\"{}\"}}}}\n",
            who.name(),
            who.born.iso(),
            people::vin(&mut rng),
            people::imei(&mut rng),
        ));
    }
    let inner = pack::gzip(b"Phone list of 2009, replaced by the directory.\n")?;
    pack::tar(&[
        ("old-share/reception/visitors-2016.csv".to_owned(), visitors.into_bytes()),
        ("old-share/fleet/drivers.jsonl".to_owned(), drivers.into_bytes()),
        ("old-share/fleet/README.txt".to_owned(), b"Moved to the fleet system in 2018.\n".to_vec()),
        ("old-share/phones.txt.gz".to_owned(), inner),
    ])
}

/// Cut off in the middle, as an interrupted copy leaves it.
fn damaged_gzip() -> Result<Vec<u8>> {
    let mut rng = rng("backup/mailbox");
    let mut text = String::new();
    for n in 0..120 {
        let (from, to) = (Person::any(&mut rng), Person::any(&mut rng));
        text.push_str(&format!(
            "From: {} <{}>\nTo: {}\nSubject: shipment {}\n\nPlease see the papers for the shipment. {}\n\n",
            from.name(),
            from.email,
            to.work_email(DOMAIN),
            7_000 + n,
            from.phone,
        ));
    }
    let mut packed = pack::gzip(text.as_bytes())?;
    packed.truncate(packed.len() * 3 / 5);
    Ok(packed)
}

fn deploy_env() -> String {
    let mut rng = rng("it/deploy");
    format!(
        "# production, do not commit\nAWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nDATABASE_URL={}\nSMTP_HOST=mail.{DOMAIN}\n\
         SMTP_PASSWORD={}\nLOG_LEVEL=info\nON_CALL={}\n",
        secrets::aws_key_id(&mut rng),
        secrets::aws_secret(&mut rng),
        secrets::database_url(&mut rng),
        secrets::password(&mut rng),
        people::us_phone(&mut rng),
    )
}

fn devices() -> String {
    let mut rng = rng("it/devices");
    let mut out = String::from("asset,hostname,mac_address,ip,imei,assigned_to\n");
    for n in 0..45 {
        let handset = n % 3 == 0;
        out.push_str(&format!(
            "LL-{:04},{}-{n:02},{},10.{}.{}.{},{},{}\n",
            n + 300,
            if handset { "phone" } else { "laptop" },
            people::mac(&mut rng),
            rng.below(20),
            rng.below(255),
            rng.between(2, 250),
            if handset { people::imei(&mut rng) } else { String::new() },
            Person::any(&mut rng).work_email(DOMAIN),
        ));
    }
    out
}

/// A format that nobody knows any more, with a few words in it.
fn badge_reader() -> Vec<u8> {
    let mut rng = rng("it/badge-reader");
    let mut out = b"\x8bBDGR\x00\x02\x1a".to_vec();
    for _ in 0..24 {
        out.extend(rng.bytes(150));
        out.push(0);
    }
    out.extend(format!("\0\0installed by {}\0\0", Person::any(&mut rng).work_email(DOMAIN)).bytes());
    out.extend(rng.bytes(900));
    out
}

fn config_py() -> String {
    let mut rng = rng("src/config");
    format!(
        "\"\"\"Settings of the billing service.\"\"\"\n\nimport os\n\nREGION = \"eu-central-1\"\nRETRIES = 3\n\n\
         # TODO: move to the vault\nGITHUB_TOKEN = \"{}\"\nSLACK_TOKEN = \"{}\"\nMAPS_KEY = \"{}\"\nDATABASE = \
         os.environ.get(\"DATABASE_URL\", \"{}\")\n\nMAINTAINER = \"{}\"\n",
        secrets::github_token(&mut rng),
        secrets::slack_token(&mut rng),
        secrets::google_key(&mut rng),
        secrets::database_url(&mut rng),
        Person::any(&mut rng).work_email(DOMAIN),
    )
}

const CHARGE_PY: &str = r#""""Charges a customer. Keeps nothing."""

from decimal import Decimal

RATE = Decimal("0.0290")
BUILD = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
REQUEST = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def fee(amount: Decimal) -> Decimal:
    """The provider's part, rounded up to the cent."""
    return (amount * RATE).quantize(Decimal("0.01"))


def charge(gateway, token: str, amount: Decimal) -> str:
    response = gateway.post("/v1/charges", {"token": token, "amount": str(amount)})
    return response["id"]
"#;

fn sessions() -> String {
    let mut rng = rng(".cache/sessions");
    let sessions: Vec<String> = (0..6)
        .map(|_| {
            let who = Person::any(&mut rng);
            format!("  {{\"user\": \"{}\", \"token\": \"{}\"}}", who.email, secrets::jwt(&mut rng))
        })
        .collect();
    format!("[\n{}\n]\n", sessions.join(",\n"))
}
