//! People and how to reach them: names, addresses, mail, telephones, devices.

use super::{Date, Rng};

/// A country of the demo: how its names, streets and numbers look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Country {
    /// United States.
    Us,
    /// Germany.
    De,
    /// United Kingdom.
    Gb,
    /// France.
    Fr,
    /// Poland.
    Pl,
    /// Spain.
    Es,
    /// Italy.
    It,
    /// Netherlands.
    Nl,
}

/// All of them.
pub const COUNTRIES: [Country; 8] =
    [Country::Us, Country::De, Country::Gb, Country::Fr, Country::Pl, Country::Es, Country::It, Country::Nl];

impl Country {
    /// ISO 3166 alpha-2.
    pub fn code(self) -> &'static str {
        match self {
            Country::Us => "US",
            Country::De => "DE",
            Country::Gb => "GB",
            Country::Fr => "FR",
            Country::Pl => "PL",
            Country::Es => "ES",
            Country::It => "IT",
            Country::Nl => "NL",
        }
    }

    fn first_names(self) -> &'static [&'static str] {
        match self {
            Country::Us => {
                &["Alice", "Darnell", "Grace", "Hector", "Imani", "Kyle", "Naomi", "Trevor", "Wendy"]
            }
            Country::De => {
                &["Anke", "Bärbel", "Detlef", "Jürgen", "Katrin", "Matthias", "Sören", "Ulrike", "Wolfgang"]
            }
            Country::Gb => {
                &["Alistair", "Bethan", "Duncan", "Fiona", "Gareth", "Harriet", "Nigel", "Priya", "Rhys"]
            }
            Country::Fr => {
                &["Amélie", "Benoît", "Chloé", "Étienne", "Margaux", "Mathieu", "Océane", "Thierry"]
            }
            Country::Pl => {
                &["Agnieszka", "Bartosz", "Ewa", "Grzegorz", "Katarzyna", "Marek", "Marta", "Zbigniew"]
            }
            Country::Es => &["Álvaro", "Begoña", "Carmen", "Íñigo", "Lucía", "Nuria", "Pablo", "Rocío"],
            Country::It => &["Alessia", "Bruno", "Chiara", "Davide", "Giulia", "Lorenzo", "Paola", "Simone"],
            Country::Nl => &["Annelies", "Bram", "Femke", "Joost", "Lotte", "Maarten", "Sanne", "Wouter"],
        }
    }

    fn last_names(self) -> &'static [&'static str] {
        match self {
            Country::Us => {
                &["Abernathy", "Castellano", "Delacroix", "Hutchins", "Lindqvist", "Okonkwo", "Ramirez"]
            }
            Country::De => {
                &["Brückner", "Feldhaus", "Großmann", "Hölscher", "Kettler", "Rosenbaum", "Vogelsang"]
            }
            Country::Gb => {
                &["Ashworth", "Cardew", "Fairbairn", "Llewellyn", "Pemberton", "Rahman", "Thistlewood"]
            }
            Country::Fr => {
                &["Beauchêne", "Carpentier", "Delaunay", "Lefèvre", "Marchand", "Rousselot", "Vasseur"]
            }
            Country::Pl => {
                &["Dąbrowski", "Jankowska", "Kowalczyk", "Nowicki", "Piotrowska", "Szymański", "Wrona"]
            }
            Country::Es => {
                &["Aguirre", "Bermúdez", "Echeverría", "Montalvo", "Núñez", "Quintana", "Villalba"]
            }
            Country::It => {
                &["Bellandi", "Castagna", "Ferraro", "Lombardi", "Marchetti", "Pellegrino", "Zanetti"]
            }
            Country::Nl => &["Bakker", "de Wit", "Hoekstra", "Mulder", "Schouten", "van Rijn", "Verhoeven"],
        }
    }

    fn places(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Country::Us => &[
                ("Dayton, OH", "45402"),
                ("Tacoma, WA", "98402"),
                ("Boise, ID", "83702"),
                ("Albany, NY", "12207"),
            ],
            Country::De => {
                &[("Kassel", "34117"), ("Lübeck", "23552"), ("Mainz", "55116"), ("Görlitz", "02826")]
            }
            Country::Gb => {
                &[("Leeds", "LS1 4DY"), ("Swansea", "SA1 3SN"), ("Dundee", "DD1 1DB"), ("Norwich", "NR1 3JU")]
            }
            Country::Fr => &[("Nantes", "44000"), ("Dijon", "21000"), ("Tours", "37000"), ("Rouen", "76000")],
            Country::Pl => &[("Poznań", "61-001"), ("Lublin", "20-001"), ("Gdynia", "81-301")],
            Country::Es => &[("Zaragoza", "50001"), ("Vigo", "36201"), ("Gijón", "33201")],
            Country::It => &[("Bologna", "40121"), ("Verona", "37121"), ("Lecce", "73100")],
            Country::Nl => &[("Utrecht", "3511 AA"), ("Groningen", "9711 LM"), ("Breda", "4811 DJ")],
        }
    }
}

/// One made-up person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Where they live.
    pub country: Country,
    /// Given name.
    pub first: &'static str,
    /// Family name.
    pub last: &'static str,
    /// Date of birth.
    pub born: Date,
    /// Private address.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Street and number.
    pub street: String,
    /// Town.
    pub city: &'static str,
    /// Postcode.
    pub postcode: &'static str,
}

impl Person {
    /// Someone from `country`.
    pub fn from(rng: &mut Rng, country: Country) -> Self {
        let first = *rng.pick(country.first_names());
        let last = *rng.pick(country.last_names());
        let (city, postcode) = *rng.pick(country.places());
        Self {
            country,
            first,
            last,
            born: rng.date(1956, 1999),
            email: private_email(rng, first, last),
            phone: phone_in(rng, country),
            street: street_in(rng, country),
            city,
            postcode,
        }
    }

    /// Someone from anywhere.
    pub fn any(rng: &mut Rng) -> Self {
        let country = *rng.pick(&COUNTRIES);
        Self::from(rng, country)
    }

    /// Given and family name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    /// The address at work.
    pub fn work_email(&self, domain: &str) -> String {
        format!("{}.{}@{domain}", plain(self.first), plain(self.last))
    }
}

/// Lower case ASCII letters of a name, as mail addresses have them.
pub fn plain(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' => out.push(c),
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'á' | 'à' | 'â' | 'ą' => out.push('a'),
            'é' | 'è' | 'ê' | 'ę' => out.push('e'),
            'í' | 'î' => out.push('i'),
            'ó' | 'ô' => out.push('o'),
            'ú' | 'û' => out.push('u'),
            'ñ' | 'ń' => out.push('n'),
            'ś' => out.push('s'),
            'ł' => out.push('l'),
            'ç' | 'ć' => out.push('c'),
            'ż' | 'ź' => out.push('z'),
            _ => {}
        }
    }
    out
}

/// Domains of invented mail providers.
pub const MAIL_DOMAINS: &[&str] = &[
    "postvale.net",
    "quillmail.org",
    "brevkurier.de",
    "mailheron.co.uk",
    "courrielle.fr",
    "larkspur-logistics.co",
];

fn private_email(rng: &mut Rng, first: &str, last: &str) -> String {
    let (first, last) = (plain(first), plain(last));
    let number = rng.between(10, 9999);
    let domain = rng.pick(MAIL_DOMAINS);
    match rng.below(3) {
        0 => format!("{first}.{last}{number}@{domain}"),
        1 => format!("{}{last}{number}@{domain}", &first[..1]),
        _ => format!("{first}_{number}@{domain}"),
    }
}

/// A mail address.
pub fn email(rng: &mut Rng) -> String {
    Person::any(rng).email
}

/// A US telephone number, in one of the ways people write it.
pub fn us_phone(rng: &mut Rng) -> String {
    let area = *rng.pick(&[208, 253, 303, 312, 404, 415, 503, 518, 602, 617, 718, 937]);
    let exchange = loop {
        let n = rng.between(220, 989);
        if n != 555 && n % 100 != 11 {
            break n;
        }
    };
    let line = rng.between(2000, 9899);
    match rng.below(4) {
        0 => format!("({area}) {exchange}-{line}"),
        1 => format!("+1 {area}-{exchange}-{line}"),
        2 => format!("{area}-{exchange}-{line}"),
        _ => format!("+1{area}{exchange}{line}"),
    }
}

/// A telephone number with its country code.
pub fn phone_in(rng: &mut Rng, country: Country) -> String {
    let mut d = |n| super::join(&rng.digits(n));
    match country {
        Country::Us => us_phone(rng),
        Country::De => format!("+49 176 {}{}", 2, d(7)),
        Country::Gb => format!("+44 7{} {}", 911, d(6)),
        Country::Fr => format!("+33 6 {} {} {} {}", 42, d(2), d(2), d(2)),
        Country::Pl => format!("+48 60{} {} {}", d(1), d(3), d(3)),
        Country::Es => format!("+34 61{} {} {}", d(1), d(3), d(3)),
        Country::It => format!("+39 347 {}", d(7)),
        Country::Nl => format!("+31 6 2{}", d(7)),
    }
}

/// A telephone number outside the US.
pub fn intl_phone(rng: &mut Rng) -> String {
    let country = *rng.pick(&COUNTRIES[1..]);
    phone_in(rng, country)
}

/// Street and number.
pub fn street_in(rng: &mut Rng, country: Country) -> String {
    let n = rng.between(2, 189);
    match country {
        Country::Us => {
            format!(
                "{} {} {}",
                n * 13,
                rng.pick(&["Juniper", "Old Mill", "Harrison"]),
                rng.pick(&["Ave", "St", "Road"])
            )
        }
        Country::De => {
            format!("{} {n}", rng.pick(&["Lindenstraße", "Am Mühlbach", "Goethestraße", "Bahnhofstr."]))
        }
        Country::Gb => {
            format!("{n} {}", rng.pick(&["Orchard Lane", "Victoria Road", "Church Street", "Mill Close"]))
        }
        Country::Fr => {
            format!("{n} {}", rng.pick(&["rue des Tilleuls", "avenue Jean Moulin", "place du Marché"]))
        }
        Country::Pl => format!("{} {n}", rng.pick(&["ul. Lipowa", "ul. Kwiatowa", "al. Niepodległości"])),
        Country::Es => format!("{} {n}", rng.pick(&["Calle del Olmo", "Avenida de la Paz", "Plaza Nueva"])),
        Country::It => format!("{} {n}", rng.pick(&["Via dei Mille", "Via Garibaldi", "Corso Umberto I"])),
        Country::Nl => format!("{} {n}", rng.pick(&["Kerkstraat", "Molenweg", "Oude Gracht"])),
    }
}

/// A day on which an adult of today was born.
pub fn date_of_birth(rng: &mut Rng) -> String {
    rng.date(1946, 2006).iso()
}

/// A public IPv4 address.
pub fn ipv4(rng: &mut Rng) -> String {
    let first = *rng.pick(&[31, 62, 77, 81, 84, 91, 109, 151, 178, 185, 193, 213]);
    format!("{first}.{}.{}.{}", rng.between(1, 254), rng.between(1, 254), rng.between(1, 254))
}

/// A public IPv6 address.
pub fn ipv6(rng: &mut Rng) -> String {
    let mut group = || rng.between(0x1000, 0xffff);
    format!(
        "2a02:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}",
        group(),
        group(),
        group(),
        group(),
        group(),
        group(),
        group()
    )
}

/// A MAC address.
pub fn mac(rng: &mut Rng) -> String {
    let b = rng.bytes(6);
    format!("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", (b[0] | 0x10) & 0xfc, b[1], b[2], b[3], b[4], b[5])
}

/// An IMEI of a mobile telephone.
pub fn imei(rng: &mut Rng) -> String {
    let mut d = vec![3, 5];
    d.extend(rng.digits(12));
    d.push(super::luhn(&d));
    super::join(&d)
}

/// A vehicle identification number with its check digit.
pub fn vin(rng: &mut Rng) -> String {
    const LETTERS: &str = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let mut vin: Vec<u8> = format!("1M8{}", rng.chars(LETTERS, 8)).into_bytes();
    vin.extend(rng.chars("0123456789", 6).into_bytes());
    let value = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'I' => u32::from(b - b'A') + 1,
        b'J'..=b'R' => u32::from(b - b'J') + 1,
        _ => u32::from(b - b'S') + 2,
    };
    let sum: u32 = vin.iter().zip(WEIGHTS).map(|(b, w)| value(*b) * w).sum();
    vin[8] = b"0123456789X"[(sum % 11) as usize];
    String::from_utf8_lossy(&vin).into_owned()
}
