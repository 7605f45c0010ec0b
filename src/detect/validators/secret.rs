//! Checks of secrets: whether a value is random enough, no placeholder, and rightly built.

use super::{Input, Validator};

/// Validators of secrets.
pub const TABLE: &[Validator] = &[
    Validator {
        name: "entropy",
        input: Input::Raw,
        accepts: entropy,
        pass_rate: 0.9,
        about: "Shannon entropy of at least 3 bits per byte, and letters beside digits or capitals",
    },
    Validator {
        name: "entropy-high",
        input: Input::Raw,
        accepts: entropy_high,
        pass_rate: 0.8,
        about: "Shannon entropy of at least 3.5 bits per byte with letters and digits, no words joined by separators",
    },
    Validator {
        name: "token-body",
        input: Input::Raw,
        accepts: token_body,
        pass_rate: 0.99,
        about: "The last 16 bytes hold at least 7 different ones: not xxxx or 1234 over and over",
    },
    Validator {
        name: "key-id-body",
        input: Input::Raw,
        accepts: key_id_body,
        pass_rate: 0.99,
        about: "At least 7 different bytes after the first four",
    },
    Validator {
        name: "entropy-hex",
        input: Input::Raw,
        accepts: entropy_hex,
        pass_rate: 0.98,
        about: "The first 32 bytes hold at least 9 different ones",
    },
    Validator {
        name: "password-mixed",
        input: Input::Raw,
        accepts: password_mixed,
        pass_rate: 0.6,
        about: "Two of lower case, capitals, digits and signs, not counting a first capital or a last full stop",
    },
    Validator {
        name: "not-placeholder",
        input: Input::Raw,
        accepts: not_placeholder,
        pass_rate: 0.9,
        about: "Not a stand-in: changeme, example, xxxx, ${…}, <…>, {{…}}, %s, look-ups of the environment, null, true, calls",
    },
    Validator {
        name: "jwt",
        input: Input::Raw,
        accepts: jwt,
        pass_rate: 0.001,
        about: "Three parts of base64url of which the first decodes to a JSON object with \"alg\" (RFC 7519:2015, RFC 7515:2015)",
    },
    Validator {
        name: "crc32-base62",
        input: Input::Raw,
        accepts: crc32_base62,
        pass_rate: 0.000_000_001,
        about: "30 characters after the last _ and their CRC-32 as six digits of base 62 (GitHub token format, 2021; npm uses the same)",
    },
    Validator {
        name: "basic-auth",
        input: Input::Raw,
        accepts: basic_auth,
        pass_rate: 0.01,
        about: "Base64 that decodes to printable text with a colon (RFC 7617:2015)",
    },
];

/// Shannon entropy in hundredths of a bit per byte, without floating point tables.
fn bits(value: &[u8]) -> u32 {
    if value.is_empty() {
        return 0;
    }
    let mut counts = [0u16; 256];
    for &b in value {
        if let Some(c) = counts.get_mut(usize::from(b)) {
            *c = c.saturating_add(1);
        }
    }
    let total = value.len() as f32;
    let sum: f32 =
        counts.iter().filter(|&&c| c > 0).map(|&c| f32::from(c) / total).map(|p| -p * p.log2()).sum();
    (sum * 100.0) as u32
}

fn kinds(value: &[u8]) -> (bool, bool, bool) {
    (
        value.iter().any(u8::is_ascii_lowercase),
        value.iter().any(u8::is_ascii_uppercase),
        value.iter().any(u8::is_ascii_digit),
    )
}

/// Random enough for a short secret.
pub fn entropy(value: &[u8]) -> bool {
    let (lower, upper, digits) = kinds(value);
    bits(value) >= 300 && ((lower || upper) && digits || lower && upper)
}

/// Random enough for a long key of unknown make.
pub fn entropy_high(value: &[u8]) -> bool {
    let (lower, upper, digits) = kinds(value);
    let hex = value.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    let floor = if hex { 300 } else { 350 };
    let words = value
        .split(|b| !b.is_ascii_alphanumeric())
        .filter(|w| w.len() > 3 && !w.iter().any(u8::is_ascii_digit))
        .map(<[u8]>::len)
        .sum::<usize>();
    bits(value) >= floor && digits && (lower || upper) && words * 2 < value.len()
}

fn different(value: &[u8]) -> u32 {
    let mut seen = 0u128;
    for b in value {
        seen |= 1u128.checked_shl(u32::from(*b)).unwrap_or(0);
    }
    seen.count_ones()
}

/// Whether the part after a prefix of four is more than a filler.
pub fn key_id_body(value: &[u8]) -> bool {
    different(value.get(4..).unwrap_or_default()) >= 7
}

/// Whether a hex value is random.
pub fn entropy_hex(value: &[u8]) -> bool {
    different(value.get(..32).unwrap_or_default()) >= 9
}

/// Whether a value is mixed as people mix passwords, and no plain word.
pub fn password_mixed(value: &[u8]) -> bool {
    let inner = value.strip_suffix(b".").unwrap_or(value);
    let lower = inner.iter().any(u8::is_ascii_lowercase);
    let upper = inner.iter().skip(1).any(u8::is_ascii_uppercase);
    let digits = inner.iter().any(u8::is_ascii_digit);
    let signs =
        inner.iter().any(|b| b.is_ascii_punctuation() && !matches!(b, b'-' | b'_' | b'.' | b'/' | b':'));
    u8::from(lower) + u8::from(upper) + u8::from(digits) + u8::from(signs) >= 2 && different(inner) >= 4
}

/// Whether the end of a token is more than a filler.
pub fn token_body(value: &[u8]) -> bool {
    let tail = value.get(value.len().saturating_sub(16)..).unwrap_or_default();
    tail.len() == 16 && different(tail) >= 7 && !holds(value, b"example") && !holds(value, b"xxxx")
}

fn holds(value: &[u8], word: &[u8]) -> bool {
    value.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

/// Values that stand for a value.
const WHOLE: &[&[u8]] = &[
    b"null",
    b"none",
    b"nil",
    b"true",
    b"false",
    b"undefined",
    b"password",
    b"passwd",
    b"secret",
    b"string",
    b"token",
    b"changeme",
    b"change_me",
    b"change-me",
    b"changeit",
    b"required",
    b"optional",
    b"redacted",
    b"hidden",
    b"empty",
    b"default",
    b"test",
    b"foobar",
    b"placeholder",
    b"example",
    b"unknown",
    b"varchar",
    b"text",
    b"input",
    b"yes",
    b"no",
    b"masked",
    b"value",
    b"username",
    b"user",
    b"admin_password",
    b"yourpassword",
    b"mypassword",
    b"n/a",
    b"todo",
    b"tbd",
    b"pass",
    b"pwd",
    b"str",
    b"int",
    b"bool",
    b"boolean",
    b"object",
    b"function",
    b"self",
    b"this",
    b"localhost",
    b"hunter2",
    b"testpass",
    b"testpassword",
    b"test1",
    b"test2",
    b"test123",
    b"testing",
    b"passw0rd_here",
    b"api_key",
    b"apikey",
    b"api-key",
    b"access_token",
    b"client_secret",
    b"secret_key",
    b"new_password",
    b"db_password",
];

/// Parts that no real secret has.
const PARTS: &[&[u8]] = &[
    b"example",
    b"changeme",
    b"change_me",
    b"change-me",
    b"placeholder",
    b"your_",
    b"your-",
    b"yourp",
    b"yours",
    b"yourk",
    b"yourt",
    b"xxxx",
    b"****",
    b"....",
    b"<",
    b"${",
    b"{{",
    b"}}",
    b"$(",
    b"%(",
    b"#{",
    b"process.env",
    b"os.environ",
    b"getenv",
    b"env[",
    b"env.",
    b"env(",
    b"config.",
    b"config[",
    b"settings.",
    b"insert_",
    b"replace_",
    b"_here",
    b"-here",
    b"dummy",
    b"redacted",
    b"secrets.",
    b"vault:",
    b"arn:aws:",
    b"fixme",
    b"://",
    b"!!",
    b"\\u2022",
    b"self.",
    b"this.",
    b"lorem",
    b"mypass",
    b"my_pass",
    b"s3cr3t!",
    b"__",
    b"->",
    b"=>",
    b"::",
    b"()",
    b"[]",
    b"&&",
    b"||",
];

/// Whether the value can be a secret rather than a stand-in or a piece of a program.
pub fn not_placeholder(value: &[u8]) -> bool {
    let Some((&first, &last)) = value.first().zip(value.last()) else { return false };
    if WHOLE.iter().any(|w| value.eq_ignore_ascii_case(w)) || PARTS.iter().any(|p| holds(value, p)) {
        return false;
    }
    if value.iter().all(|&b| b == first) {
        return false;
    }
    // $NAME, %NAME%, @name@, {name}, [name], (name), *alias, &anchor
    if matches!(first, b'$' | b'{' | b'[' | b'(' | b'*' | b'&')
        || (first == b'%' && (last == b'%' || value.len() == 2))
    {
        return false;
    }
    // name(…  and  object.member  and  array[…]
    let name = value.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')).count();
    let called = name > 0 && matches!(value.get(name), Some(b'(' | b'['));
    let letters = |w: &[u8]| w.len() > 1 && w.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_');
    let dotted = value.contains(&b'.') && value.split(|&b| b == b'.').all(letters);
    // snake_case and camelCase names of variables without a digit
    let snake = value.contains(&b'_')
        && value.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
        && (!value.iter().any(u8::is_ascii_uppercase) || !value.iter().any(u8::is_ascii_lowercase));
    let camel = value.iter().all(u8::is_ascii_alphabetic)
        && [&b"password"[..], b"secret", b"token", b"passwd", b"key"].iter().any(|w| {
            value.len() > w.len()
                && value.get(value.len() - w.len()..).is_some_and(|t| t.eq_ignore_ascii_case(w))
        });
    !called && !dotted && !snake && !camel
}

/// Value of a digit of base64 or base64url.
fn sextet(b: u8) -> Option<u32> {
    Some(u32::from(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// Decodes base64 into `out`, as much as fits; `None` for bytes outside of the alphabet.
fn base64<'o>(text: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
    let end = text.iter().rposition(|&b| b != b'=').map_or(0, |i| i + 1);
    let (mut buffer, mut held, mut used) = (0u32, 0u32, 0usize);
    for &b in text.get(..end)? {
        buffer = (buffer << 6 | sextet(b)?) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            let Some(slot) = out.get_mut(used) else { break };
            *slot = (buffer >> held & 0xff) as u8;
            used += 1;
        }
    }
    out.get(..used)
}

/// A JSON Web Token.
pub fn jwt(value: &[u8]) -> bool {
    let mut parts = value.split(|&b| b == b'.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let mut buffer = [0u8; 1024];
    let Some(json) = base64(header, &mut buffer) else { return false };
    json.starts_with(b"{")
        && json.windows(5).any(|w| w == b"\"alg\"")
        && payload.len() >= 2
        && payload.iter().chain(signature).all(|&b| sextet(b).is_some())
}

/// CRC-32 of ISO 3309, as in zlib.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
    })
}

/// A token that carries its own CRC-32.
pub fn crc32_base62(value: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some(start) = value.iter().rposition(|&b| b == b'_').map(|i| i + 1) else { return false };
    let Some((body, check)) = value.get(start..).and_then(|v| v.split_at_checked(30)) else { return false };
    let mut crc = crc32(body);
    check.len() == 6
        && check.iter().rev().all(|c| {
            let digit = DIGITS.get((crc % 62) as usize);
            crc /= 62;
            digit == Some(c)
        })
}

/// Credentials of HTTP basic authentication.
pub fn basic_auth(value: &[u8]) -> bool {
    let mut buffer = [0u8; 256];
    let Some(text) = base64(value, &mut buffer) else { return false };
    let Some(colon) = text.iter().position(|&b| b == b':') else { return false };
    colon > 0
        && colon + 1 < text.len()
        && std::str::from_utf8(text).is_ok_and(|t| !t.chars().any(char::is_control))
        && not_placeholder(text.get(colon + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_never_panics() {
        let long = [b'9'; 300];
        for v in [
            &b""[..],
            &long,
            &[0xff; 300],
            "éüß".as_bytes(),
            b"_",
            b"..",
            b"=",
            b"====",
            &[b'.'; 300],
            &[b'_'; 4200],
        ] {
            for validator in TABLE {
                (validator.accepts)(v);
            }
        }
    }

    #[test]
    fn randomness() {
        assert!(entropy(b"k9Fz2LqP0w") && !entropy(b"aaaaaaaa1") && !entropy(b"12345678"));
        assert!(entropy_high(b"9fK2mZx07LqTb4VwYh3R") && entropy_high(b"3f9a1c07be5d4286"));
        assert!(!entropy_high(b"my-service-account-name1") && !entropy_high(b"AAAAAAAAAAAA1AAAAAAA"));
        assert!(
            token_body(b"ab_9fK2mZx07LqTb4Vw")
                && !token_body(b"ab_xxxxxxxxxxxxxxxx")
                && !token_body(b"short")
        );
    }

    #[test]
    fn placeholders() {
        for bad in [
            "changeme",
            "ChangeMe",
            "<password>",
            "${DB_PASS}",
            "$PASS",
            "{{ pw }}",
            "%s",
            "xxxxxxxx",
            "null",
            "true",
            "os.environ",
            "getpass()",
            "process.env.PW",
            "your_password",
            "self.password",
            "db_password",
            "newPassword",
            "get_secret(name)",
            "********",
            "aaaaaaa",
            "",
        ] {
            assert!(!not_placeholder(bad.as_bytes()), "{bad}");
        }
        for good in ["Tr0ub4dor&3", "correct horse", "9fK2mZx07L", "p@ssw0rd2024", "Winter2023!", "a.b7-c"] {
            assert!(not_placeholder(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn tokens() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        // {"alg":"HS256"} . {"sub":"1"} . made up
        assert!(jwt(b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW1hZGUtdXA"));
        assert!(
            !jwt(b"eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiIxIn0.c2ln") && !jwt(b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0")
        );
        assert!(basic_auth(b"YWxpY2U6VHIwdWI0ZG9y") && !basic_auth(b"YWxpY2U") && !basic_auth(b"AAECAwQ="));
        let body = b"k3Jd9sLq0Zx7Vb2Nm5Rt8Yw1Ec4Uo6";
        let mut token = *b"ghp_k3Jd9sLq0Zx7Vb2Nm5Rt8Yw1Ec4Uo6000000";
        let mut crc = crc32(body);
        for at in (34..40).rev() {
            token[at] =
                b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(crc % 62) as usize];
            crc /= 62;
        }
        assert!(crc32_base62(&token));
        for at in 4..40 {
            let mut bad = token;
            bad[at] = if bad[at] == b'a' { b'b' } else { b'a' };
            assert!(!crc32_base62(&bad), "{at}");
        }
    }
}
