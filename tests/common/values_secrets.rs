//! Secrets that open nothing: of the right form, with right checksums, never issued by anyone.

use super::Rng;

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An AWS access key id.
pub fn aws_key_id(rng: &mut Rng) -> String {
    format!("AKIA{}", rng.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))
}

/// An AWS secret access key.
pub fn aws_secret(rng: &mut Rng) -> String {
    rng.chars(&format!("{BASE62}/+"), 40)
}

/// A GitHub token: 30 characters and their CRC-32 in base 62.
pub fn github_token(rng: &mut Rng) -> String {
    let body = rng.chars(BASE62, 30);
    let mut sum = crc32(body.as_bytes());
    let mut check = [b'0'; 6];
    for place in check.iter_mut().rev() {
        *place = BASE62.as_bytes()[(sum % 62) as usize];
        sum /= 62;
    }
    format!("ghp_{body}{}", String::from_utf8_lossy(&check))
}

/// A Slack bot token.
pub fn slack_token(rng: &mut Rng) -> String {
    let (a, b) =
        (rng.between(100_000_000_000, 999_999_999_999), rng.between(1_000_000_000_000, 9_999_999_999_999));
    format!("xoxb-{a}-{b}-{}", rng.chars(BASE62, 24))
}

/// A Google API key.
pub fn google_key(rng: &mut Rng) -> String {
    format!("AIza{}", rng.chars(&format!("{BASE62}-_"), 35))
}

/// A JSON Web Token whose signature is noise.
pub fn jwt(rng: &mut Rng) -> String {
    let subject = rng.chars("0123456789", 10);
    let header = base64(br#"{"alg":"HS256","typ":"JWT"}"#, true);
    let claims = base64(format!(r#"{{"sub":"{subject}","role":"agent"}}"#).as_bytes(), true);
    let signature = base64(&rng.bytes(32), true);
    format!("{header}.{claims}.{signature}")
}

/// A password that people would call strong.
pub fn password(rng: &mut Rng) -> String {
    let word = rng.pick(&["Heron", "Granite", "Saffron", "Lantern", "Walnut"]);
    format!("{word}{}!{}", rng.between(100, 999), rng.chars(BASE62, 8))
}

/// A database URL with a password in it.
pub fn database_url(rng: &mut Rng) -> String {
    let secret = rng.chars(BASE62, 18);
    format!("postgres://billing:{secret}@db{}.larkspur-logistics.co:5432/billing", rng.between(1, 9))
}

/// A private key in PEM armour; the body is noise.
pub fn private_key(rng: &mut Rng) -> String {
    let body = base64(&rng.bytes(1191), false);
    let lines: Vec<String> =
        body.as_bytes().chunks(64).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
    // In two parts, so that this source file is not itself taken for a key.
    let (open, kind) = ("-----", "RSA PRIVATE KEY-----");
    format!("{open}BEGIN {kind}\n{}\n{open}END {kind}\n", lines.join("\n"))
}

/// CRC-32 as in zip and PNG.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
    })
}

/// Base64, padded unless `url` asks for the alphabet of tokens.
pub fn base64(bytes: &[u8], url: bool) -> String {
    let mut alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').collect();
    alphabet.extend(if url { b"-_" } else { b"+/" });
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(alphabet[(word >> (18 - 6 * i) & 63) as usize]));
            } else if !url {
                out.push('=');
            }
        }
    }
    out
}
