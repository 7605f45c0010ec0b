//! Money: old invoices in a nested zip, payments in Parquet, refunds in Arrow, a ledger in xz.

use std::sync::Arc;

use arrow::array::{Date32Array, Decimal128Array, DictionaryArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::pack::{self, Entry};
use crate::values::people::{Country, Person};
use crate::values::{Rng, ids, money, secrets};
use crate::{DOMAIN, Result, Share, rng};

pub fn add(share: &mut Share) -> Result<()> {
    share.add("finance/invoices-2019.zip", invoices()?);
    share.add("finance/payments.parquet", payments()?);
    share.add("finance/refunds.arrow", refunds()?);
    share.add("finance/ledger-2018.csv.xz", pack::xz(ledger().as_bytes())?);
    share.add("finance/wallets.txt.bz2", pack::bzip2(wallets().as_bytes())?);
    Ok(())
}

fn invoice(rng: &mut Rng, n: u64) -> String {
    let who = Person::any(rng);
    let total = rng.between(80, 4_000);
    format!(
        "Larkspur Logistics\nInvoice INV-2019-{n:04}\nDate: {}\n\nBill to: {}\n         {}\n         {} {}\n         {}\n\n\
         Freight, 2 pallets            {total}.00\nFuel surcharge                   {}.50\n\n\
         Please pay to IBAN {}, SWIFT {}\nOur VAT number: {}\n",
        rng.date(2019, 2019).iso(),
        who.name(),
        who.street,
        who.postcode,
        who.city,
        who.email,
        total / 20,
        money::on_paper(&money::iban_de(rng)),
        money::swift(rng),
        ids::de_vat(rng),
    )
}

fn invoices() -> Result<Vec<u8>> {
    let mut rng = rng("finance/invoices");
    let mut entries: Vec<Entry> =
        (1..=12).map(|n| Entry::open(format!("2019/INV-2019-{n:04}.txt"), invoice(&mut rng, n))).collect();
    let mut debtors = String::from("customer,email,card_number,outstanding\n");
    for n in 0..40 {
        let who = Person::any(&mut rng);
        debtors.push_str(&format!(
            "{n},{},{},{}.00\n",
            who.email,
            money::visa(&mut rng),
            rng.between(10, 900)
        ));
    }
    entries.push(Entry::open("2019/debtors.csv", debtors));
    let reminders: Vec<Entry> = (1..=3)
        .map(|n| {
            let who = Person::from(&mut rng, Country::Gb);
            let text = format!(
                "Second reminder to {}\nNational Insurance number on file: {}\nPhone {}\n",
                who.name(),
                ids::uk_nino(&mut rng),
                who.phone
            );
            Entry::open(format!("reminder-{n}.txt"), text)
        })
        .collect();
    entries.push(Entry::open("2019/reminders.zip", pack::zip(&reminders, "")?));
    entries.push(Entry {
        name: "2019/bonus-board.csv".to_owned(),
        content: b"name,bonus\nnot for readers without the password,0\n".to_vec(),
        password: Some("larkspur-2019"),
    });
    let keeper = Person::from(&mut rng, Country::Gb);
    pack::zip(&entries, &format!("Archived for the tax office. Questions: {}", keeper.work_email(DOMAIN)))
}

fn payments() -> Result<Vec<u8>> {
    let mut rng = rng("finance/payments");
    const ROWS: i64 = 600;
    let mut cards = Vec::new();
    let mut mails = Vec::new();
    let mut amounts = Vec::new();
    let mut days = Vec::new();
    let mut currencies = Vec::new();
    for _ in 0..ROWS {
        cards.push(if rng.chance(9, 10) { Some(money::visa(&mut rng)) } else { None });
        mails.push(Person::any(&mut rng).email);
        amounts.push(i128::from(rng.between(199, 250_000)));
        days.push(rng.between(20_089, 20_500) as i32);
        currencies.push(*rng.pick(&["EUR", "EUR", "USD", "GBP", "PLN"]));
    }
    let schema = Arc::new(Schema::new(vec![
        Field::new("payment_id", DataType::Int64, false),
        Field::new("card_number", DataType::Utf8, true),
        Field::new("payer_email", DataType::Utf8, false),
        Field::new("amount", DataType::Decimal128(12, 2), false),
        Field::new(
            "currency",
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            false,
        ),
        Field::new("paid_on", DataType::Date32, false),
    ]));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new((0..ROWS).map(|n| 31_000_000 + n * 3).collect::<Int64Array>()),
            Arc::new(StringArray::from(cards)),
            Arc::new(StringArray::from(mails)),
            Arc::new(Decimal128Array::from(amounts).with_precision_and_scale(12, 2)?),
            Arc::new(currencies.into_iter().collect::<DictionaryArray<Int32Type>>()),
            Arc::new(Date32Array::from(days)),
        ],
    )?;
    let properties = WriterProperties::builder()
        .set_created_by("privascan make_testdata".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(250))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

fn refunds() -> Result<Vec<u8>> {
    let mut rng = rng("finance/refunds");
    let ibans: Vec<String> = (0..60).map(|_| money::iban_pl(&mut rng)).collect();
    let accounts: DictionaryArray<Int32Type> = (0..240).map(|n| ibans[n % 60].as_str()).collect();
    let reasons: StringArray =
        (0..240).map(|_| Some(*rng.pick(&["damaged", "late", "double charge", "goodwill"]))).collect();
    let schema = Arc::new(Schema::new(vec![
        Field::new("refund_id", DataType::Int64, false),
        Field::new(
            "to_account",
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            false,
        ),
        Field::new("reason", DataType::Utf8, true),
    ]));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![Arc::new((0..240).collect::<Int64Array>()), Arc::new(accounts), Arc::new(reasons)],
    )?;
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &schema)?;
    writer.write(&batch)?;
    writer.finish()?;
    Ok(writer.into_inner()?)
}

fn ledger() -> String {
    let mut rng = rng("finance/ledger");
    let mut out = String::from("entry,booked,account,debit,credit,text\n");
    for n in 0..300 {
        let text = if n % 23 == 0 {
            format!("expenses {}", Person::any(&mut rng).name())
        } else {
            (*rng.pick(&["fuel", "tolls", "rent", "tyres", "customs duty"])).to_owned()
        };
        let amount = rng.between(20, 9_000);
        let (debit, credit) = if rng.chance(1, 2) { (amount, 0) } else { (0, amount) };
        out.push_str(&format!(
            "{n},{},{},{debit}.00,{credit}.00,{text}\n",
            rng.date(2018, 2018).iso(),
            4000 + n % 40
        ));
    }
    out
}

fn wallets() -> String {
    let mut rng = rng("finance/wallets");
    let mut out = String::from("Treasury trial, closed in 2021. Nothing is left in these wallets.\n\n");
    for n in 1..=4 {
        out.push_str(&format!("bitcoin wallet {n}: {}\n", money::bitcoin(&mut rng)));
    }
    out.push_str(&format!("custodian portal password: {}\n", secrets::password(&mut rng)));
    out
}
