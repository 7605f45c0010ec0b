//! Personal data in what a program already holds: the bytes of a file, and a record batch.
//!
//! ```text
//! cargo run --example library
//! ```

use privascan::{ItemRecord, Scanner, ScannerError};

/// A file as it may come from anywhere. All values are made up.
pub const CUSTOMERS: &[u8] = b"name,email,ssn,note\n\
    Ana Lind,ana.lind@larkspur-logistics.co,536-22-8719,\n\
    Jo Park,jo.park@larkspur-logistics.co,219-09-4417,paid by card 4539 1488 0343 6467\n";

/// Its findings, by the reader that its content asks for.
pub fn bytes(scanner: &mut Scanner) -> Vec<ItemRecord> {
    scanner.bytes("customers.csv", CUSTOMERS)
}

/// Columns that a program has in memory, a nested one among them.
#[cfg(feature = "tabular")]
pub fn table() -> Result<arrow::array::RecordBatch, arrow::error::ArrowError> {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, StructArray};
    use arrow::datatypes::{DataType, Field};

    let iban: ArrayRef = Arc::new(StringArray::from(vec![
        Some("DE89370400440532013000"),
        None,
        Some("GB82WEST12345698765432"),
    ]));
    let account = StructArray::from(vec![(Arc::new(Field::new("iban", DataType::Utf8, true)), iban)]);
    // Card numbers are often kept as integers.
    let cards = Int64Array::from(vec![4_539_148_803_436_467, 5_425_233_430_109_903, 4_916_338_506_082_832]);
    RecordBatch::try_from_iter([
        ("card_number", Arc::new(cards) as ArrayRef),
        ("account", Arc::new(account) as ArrayRef),
    ])
}

/// One line for each kept occurrence. Masks are all there is to print: values do not come out of a scan.
pub fn lines(record: &ItemRecord) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in &record.findings {
        let field = finding.field.as_deref().unwrap_or("text");
        for occurrence in &finding.occurrences {
            lines.push(format!(
                "{} {field} {} {} {} {}",
                record.printed_path,
                finding.info_type,
                finding.tier,
                occurrence.likelihood.word(),
                occurrence.mask,
            ));
        }
    }
    lines
}

/// Scans both and prints what was found.
#[allow(clippy::print_stdout)]
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut scanner = Scanner::builtin().map_err(|e: ScannerError| e.to_string())?;
    for record in bytes(&mut scanner) {
        lines(&record).iter().for_each(|line| println!("{line}"));
    }
    #[cfg(feature = "tabular")]
    {
        let record = scanner.batch("warehouse.customers", &table()?);
        lines(&record).iter().for_each(|line| println!("{line}"));
    }
    Ok(())
}

#[allow(dead_code)] // The tests run the parts.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    run()
}
