//! Checks of network addresses and device identifiers.

use super::checksum::luhn;
use super::contact::one_repeated;
use super::{Input, Validator};

/// Validators of network and device identifiers.
pub const TABLE: &[Validator] = &[
    Validator {
        name: "ipv4",
        input: Input::Raw,
        accepts: ipv4,
        pass_rate: 0.02,
        about: "Four numbers from 0 to 255 without leading zeros (RFC 791:1981, dotted decimal), not a network of the form n.0.0.0",
    },
    Validator {
        name: "ipv4-long",
        input: Input::Raw,
        accepts: ipv4_long,
        pass_rate: 0.99,
        about: "Some number of the address has two or more digits: not 1.2.3.4, which is more often a version",
    },
    Validator {
        name: "ipv4-reserved",
        input: Input::Raw,
        accepts: ipv4_reserved,
        pass_rate: 0.02,
        about: "Documentation ranges (RFC 5737:2010), 0.0.0.0/8, loopback 127.0.0.0/8 and 255.0.0.0/8 (net masks)",
    },
    Validator {
        name: "ipv6",
        input: Input::Raw,
        accepts: ipv6,
        pass_rate: 0.3,
        about: "Eight groups of hex digits with at most one :: for zeros (RFC 4291:2006, 2.2); at least three groups written",
    },
    Validator {
        name: "ipv6-reserved",
        input: Input::Raw,
        accepts: ipv6_reserved,
        pass_rate: 0.001,
        about: "Documentation ranges 2001:db8::/32 (RFC 3849:2004) and 3fff::/20 (RFC 9637:2024)",
    },
    Validator {
        name: "mac",
        input: Input::Compact,
        accepts: mac,
        pass_rate: 0.99,
        about: "48 bits that are not all equal: neither unset nor broadcast (IEEE 802-2014, 8)",
    },
    Validator {
        name: "mac-reserved",
        input: Input::Compact,
        accepts: mac_reserved,
        pass_rate: 0.000_01,
        about: "Documentation range 00-00-5E-00-53-00 to FF (RFC 7042:2013, 2.1.2)",
    },
    Validator {
        name: "imei",
        input: Input::Compact,
        accepts: imei,
        pass_rate: 0.01,
        about: "15 digits, Luhn, and a reporting body that allots or allotted type codes: 01, 33, 35, 44, 45, 49-52, 86, 91, 97-99 (3GPP TS 23.003, GSMA TS.06)",
    },
    Validator {
        name: "imsi",
        input: Input::Compact,
        accepts: imsi,
        pass_rate: 0.55,
        about: "14 or 15 digits beginning with a mobile country code from 202 to 750 or 901 (ITU-T E.212)",
    },
    Validator {
        name: "iccid",
        input: Input::Compact,
        accepts: iccid,
        pass_rate: 0.1,
        about: "18 to 20 digits from 89 with Luhn (ITU-T E.118:2006)",
    },
];

/// The four numbers of a dotted address.
fn octets(value: &[u8]) -> Option<[u8; 4]> {
    let mut out = [0u8; 4];
    let mut count = 0;
    for part in value.split(|&b| b == b'.') {
        if part.is_empty() || part.len() > 3 || (part.len() > 1 && part.first() == Some(&b'0')) {
            return None;
        }
        let mut n = 0u16;
        for b in part {
            if !b.is_ascii_digit() {
                return None;
            }
            n = n * 10 + u16::from(b - b'0');
        }
        *out.get_mut(count)? = u8::try_from(n).ok()?;
        count += 1;
    }
    (count == 4).then_some(out)
}

/// An IPv4 address of a host.
pub fn ipv4(value: &[u8]) -> bool {
    octets(value).is_some_and(|o| o == [0; 4] || o[1..] != [0, 0, 0])
}

/// An IPv4 address that does not look like a version number.
pub fn ipv4_long(value: &[u8]) -> bool {
    octets(value).is_some_and(|o| o.iter().any(|&n| n > 9))
}

/// An IPv4 address that belongs to no host.
pub fn ipv4_reserved(value: &[u8]) -> bool {
    octets(value).is_some_and(|o| {
        matches!(o, [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _]) || matches!(o[0], 0 | 127 | 255)
    })
}

/// The groups of an IPv6 address before and after `::`.
fn groups(value: &[u8]) -> Option<[u16; 8]> {
    let mut out = [0u16; 8];
    let (mut count, mut gap, mut written) = (0usize, None, 0usize);
    let mut rest = value;
    if rest.starts_with(b"::") {
        gap = Some(0);
        rest = rest.get(2..)?;
    }
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b':').unwrap_or(rest.len());
        let part = rest.get(..end)?;
        if part.contains(&b'.') && end == rest.len() {
            let [a, b, c, d] = octets(part)?;
            *out.get_mut(count)? = u16::from_be_bytes([a, b]);
            *out.get_mut(count + 1)? = u16::from_be_bytes([c, d]);
            count += 2;
            written += 2;
            break;
        }
        if part.is_empty() || part.len() > 4 {
            return None;
        }
        let n = part.iter().try_fold(0u16, |n, &b| Some(n << 4 | char::from(b).to_digit(16)? as u16))?;
        *out.get_mut(count)? = n;
        count += 1;
        written += 1;
        rest = rest.get(end..)?;
        if rest.starts_with(b"::") {
            if gap.replace(count).is_some() {
                return None;
            }
            rest = rest.get(2..)?;
        } else if let Some(after) = rest.strip_prefix(b":") {
            if after.is_empty() {
                return None;
            }
            rest = after;
        }
    }
    match gap {
        None if count == 8 => {}
        Some(at) if count < 8 => {
            out.get_mut(at..)?.rotate_right(8 - count);
        }
        _ => return None,
    }
    // `12::34` is more often a time or a namespace than an address.
    (written >= 3 || (written >= 2 && out[0] >= 0x2000)).then_some(out)
}

/// An IPv6 address.
pub fn ipv6(value: &[u8]) -> bool {
    groups(value).is_some_and(|g| g.iter().any(|&n| n != 0))
}

/// An IPv6 address of the ranges for documentation.
pub fn ipv6_reserved(value: &[u8]) -> bool {
    groups(value).is_some_and(|g| (g[0] == 0x2001 && g[1] == 0x0db8) || (g[0] == 0x3fff && g[1] < 0x1000))
}

/// A hardware address.
pub fn mac(value: &[u8]) -> bool {
    value.len() == 12 && value.iter().all(u8::is_ascii_hexdigit) && !one_repeated(value)
}

/// A hardware address for documentation.
pub fn mac_reserved(value: &[u8]) -> bool {
    value.len() == 12 && value.starts_with(b"00005E0053")
}

/// An equipment identity.
pub fn imei(value: &[u8]) -> bool {
    value.len() == 15
        && matches!(
            value.get(..2),
            Some(
                b"01"
                    | b"33"
                    | b"35"
                    | b"44"
                    | b"45"
                    | b"49"
                    | b"50"
                    | b"51"
                    | b"52"
                    | b"86"
                    | b"91"
                    | b"97"
                    | b"98"
                    | b"99"
            )
        )
        && !one_repeated(value.get(2..14).unwrap_or_default())
        && luhn(value)
}

/// A subscriber identity.
pub fn imsi(value: &[u8]) -> bool {
    let mcc = value.get(..3).unwrap_or_default();
    matches!(value.len(), 14 | 15)
        && value.iter().all(u8::is_ascii_digit)
        && ((&b"202"[..]..=&b"750"[..]).contains(&mcc) || mcc == b"901")
        && !one_repeated(value.get(3..).unwrap_or_default())
}

/// The serial number of a SIM card.
pub fn iccid(value: &[u8]) -> bool {
    (18..=20).contains(&value.len())
        && value.starts_with(b"89")
        && !one_repeated(value.get(2..).unwrap_or_default())
        && luhn(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_never_panics() {
        let long = [b'1'; 300];
        for v in [
            &b""[..],
            &long,
            &[0xff; 300],
            "é:ü".as_bytes(),
            b":",
            b"::",
            b":::",
            b"1:2:3:4:5:6:7:1.2.3.4",
            b"...",
            &[b':'; 300],
        ] {
            for validator in TABLE {
                (validator.accepts)(v);
            }
        }
    }

    #[test]
    fn addresses() {
        for good in ["8.8.8.8", "192.168.1.10", "10.0.0.1", "0.0.0.0"] {
            assert!(ipv4(good.as_bytes()), "{good}");
        }
        for bad in ["256.1.1.1", "1.2.3", "01.2.3.4", "4.0.0.0", "1.2.3.4.5", "1..2.3"] {
            assert!(!ipv4(bad.as_bytes()), "{bad}");
        }
        assert!(ipv4_long(b"8.8.8.10") && !ipv4_long(b"3.7.4.3"));
        assert!(ipv4_reserved(b"192.0.2.4") && ipv4_reserved(b"127.0.0.1") && !ipv4_reserved(b"192.0.3.4"));
        for good in [
            "2001:db8::1",
            "fe80::1ff:fe23:4567:890a",
            "2a00:1450:4001:81b:0:0:0:200e",
            "2606:4700::",
            "::ffff:1.2.3.4",
        ] {
            assert!(ipv6(good.as_bytes()), "{good}");
        }
        for bad in
            ["12:34:56", "1:2:3:4:5:6:7:8:9", "2001:db8:::1", "12::34", "1::2::3", "2001:db8:", "0::0:0"]
        {
            assert!(!ipv6(bad.as_bytes()), "{bad}");
        }
        assert!(ipv6_reserved(b"2001:DB8:0:1::5") && !ipv6_reserved(b"2001:db9::1:1"));
    }

    #[test]
    fn devices() {
        assert!(mac(b"001A2B3C4D5E") && !mac(b"000000000000") && !mac(b"FFFFFFFFFFFF"));
        assert!(mac_reserved(b"00005E0053AF"));
        assert!(imei(b"490154203237518") && imei(b"356938035643809") && !imei(b"356938035643808"));
        assert!(imsi(b"310150123456789") && !imsi(b"110150123456789"));
        assert!(iccid(b"8991101200003204514") && !iccid(b"8991101200003204517"));
    }
}
