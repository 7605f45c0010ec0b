//! How the bytes of a text are encoded, judged by its head.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::HEAD;

/// What the head of some content looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8, possibly with damage: bytes pass as they are.
    Utf8,
    /// Text in another encoding, to be transcoded.
    Other(&'static Encoding),
    /// Not text.
    Binary,
}

impl Charset {
    /// Judges a head of at most [`HEAD`] bytes; a shorter one is the whole content.
    pub fn of(head: &[u8]) -> Charset {
        let whole = head.len() < HEAD;
        if head.starts_with(b"\xEF\xBB\xBF") {
            return Charset::Utf8;
        }
        if head.starts_with(b"\xFF\xFE\0\0") || head.starts_with(b"\0\0\xFE\xFF") {
            return Charset::Binary; // UTF-32: nobody here decodes it.
        }
        if head.starts_with(b"\xFF\xFE") && plausible_utf16(head, u16::from_le_bytes) {
            return Charset::Other(UTF_16LE);
        }
        if head.starts_with(b"\xFE\xFF") && plausible_utf16(head, u16::from_be_bytes) {
            return Charset::Other(UTF_16BE);
        }
        let zeros = head.iter().filter(|b| **b == 0).count();
        if zeros > 0
            && let Some(encoding) = utf16_without_bom(head)
        {
            return Charset::Other(encoding);
        }
        let controls = zeros + head.iter().filter(|b| is_control(**b)).count();
        let damage = Damage::of(head, whole);
        if damage.bad == 0 {
            return if controls * 20 <= head.len() { Charset::Utf8 } else { Charset::Binary };
        }
        if controls * 100 > head.len() {
            return Charset::Binary;
        }
        if damage.good > 2 * damage.bad {
            return Charset::Utf8;
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(head, whole);
        Charset::Other(detector.guess(None, Utf8Detection::Deny))
    }

    /// The head as UTF-8, for sniffing.
    pub fn decode(self, head: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Charset::Utf8 | Charset::Binary => Cow::Borrowed(head),
            Charset::Other(encoding) => {
                Cow::Owned(encoding.decode_without_bom_handling(head).0.into_owned().into_bytes())
            }
        }
    }
}

/// Control characters that do not stand in running text. Zero is counted apart.
fn is_control(b: u8) -> bool {
    (b < 0x20 && !matches!(b, 0 | b'\t' | b'\n' | b'\r' | 0x08 | 0x0C | 0x1A | 0x1B | 0x1E)) || b == 0x7F
}

/// Multi-byte characters that are valid UTF-8, and places that are not.
struct Damage {
    good: usize,
    bad: usize,
}

impl Damage {
    fn of(head: &[u8], whole: bool) -> Damage {
        if head.is_ascii() {
            return Damage { good: 0, bad: 0 };
        }
        let mut damage = Damage { good: 0, bad: 0 };
        let mut at = 0;
        for chunk in head.utf8_chunks() {
            damage.good += chunk.valid().bytes().filter(|b| *b >= 0xC0).count();
            at += chunk.valid().len() + chunk.invalid().len();
            let cut_by_the_head = at == head.len() && !whole && chunk.invalid().len() < 4;
            if !chunk.invalid().is_empty() && !cut_by_the_head {
                damage.bad += 1;
            }
        }
        damage
    }
}

fn units(head: &[u8], unit: fn([u8; 2]) -> u16) -> impl Iterator<Item = u16> + '_ {
    head.chunks_exact(2).map(move |pair| unit([pair[0], pair[1]]))
}

fn plausible_utf16(head: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let bad = units(head, unit).filter(|u| *u == 0 || (*u < 0x80 && is_control(*u as u8))).count();
    bad * 50 <= head.len()
}

/// UTF-16 shows itself by zero bytes at one parity only: those of ASCII characters.
fn utf16_without_bom(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let at = |parity: usize| head.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (at(0), at(1));
    let (encoding, unit, high): (_, fn([u8; 2]) -> u16, _) = match () {
        _ if odd * 33 > pairs && even * 50 <= odd => (UTF_16LE, u16::from_le_bytes, odd),
        _ if even * 33 > pairs && odd * 50 <= even => (UTF_16BE, u16::from_be_bytes, even),
        _ => return None,
    };
    if !plausible_utf16(head, unit) {
        return None;
    }
    if high * 10 >= pairs * 6 {
        return Some(encoding);
    }
    // Few zeros: another script. Then the other high bytes are nearly all the same.
    let mut highs = [0usize; 256];
    units(head, unit).filter(|u| *u > 0xFF).for_each(|u| highs[(u >> 8) as usize] += 1);
    let others = pairs - high;
    (highs.iter().max().is_some_and(|m| m * 10 >= others * 9)).then_some(encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(Charset::of(b"plain"), Charset::Utf8);
        assert_eq!(Charset::of("gr\u{fc}n".as_bytes()), Charset::Utf8);
        assert_eq!(Charset::of(b"\xEF\xBB\xBFx"), Charset::Utf8);
        let text = "Name: Anna Example\r\nCity: Wien\r\n";
        assert_eq!(Charset::of(&utf16(text, u16::to_le_bytes)), Charset::Other(UTF_16LE));
        assert_eq!(Charset::of(&utf16(text, u16::to_be_bytes)), Charset::Other(UTF_16BE));
        let russian = "Имя и фамилия указаны в документе, а адрес нет. Дата 1 мая\n";
        assert_eq!(Charset::of(&utf16(russian, u16::to_le_bytes)), Charset::Other(UTF_16LE));
        let latin = b"Stra\xDFe und H\xE4user, M\xFCnchen und K\xF6ln sind sch\xF6n";
        assert!(matches!(Charset::of(latin), Charset::Other(e) if e.name() == "windows-1252"));
        assert_eq!(Charset::of(b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\x03\0\x3e\0"), Charset::Binary);
        let noise: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(Charset::of(&noise), Charset::Binary);
    }

    #[test]
    fn one_broken_byte_does_not_make_utf8_something_else() {
        let mut text = "Größe, Straße, Übung, Äpfel".as_bytes().to_vec();
        text.push(0xC3);
        assert_eq!(Charset::of(&text), Charset::Utf8);
    }
}
