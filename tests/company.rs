//! The invented company of `testdata/company` through half a year, judged by the product and by an oracle of its own.
#![cfg(all(unix, feature = "archives", feature = "tabular", feature = "cli"))]

mod common;
#[path = "../examples/make_company/company.rs"]
mod company;
#[path = "company/oracle.rs"]
mod oracle;
#[path = "company/runs.rs"]
mod runs;

use company::WEEKS;
use runs::Chain;

/// The week in which nobody scans.
const SKIPPED: u32 = 20;

fn agrees(chain: &Chain) {
    let found = &chain.differences;
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

#[test]
fn half_a_year_is_judged_as_the_page_says() {
    let mut chain = Chain::new("privascan.toml");
    for week in (0..WEEKS).filter(|w| *w != SKIPPED) {
        match week {
            5 => chain.review("drift:hr"),
            10 => {
                let sealed = "lab/sealed.zip!/plans.txt";
                chain.review(&oracle::item_id(sealed));
            }
            _ => {}
        }
        chain.week(week);
    }
    agrees(&chain);
}
