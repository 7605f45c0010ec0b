//! Signatures of the log: Ed25519 over the 64 hex digits of a line's hash, as base64.
//!
//! A private key is PKCS#8 PEM, or the 32 bytes of its seed as hex; a public key is PEM (`BEGIN PUBLIC KEY`), or its 32
//! bytes as hex. `docs/record.md` says how to check a signature with OpenSSL.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::model::hex;

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No private key.
    #[error(
        "no Ed25519 private key: it has to be PKCS#8 PEM or 64 hex digits; `privascan key new --sign` makes one"
    )]
    Private,
    /// No public key.
    #[error(
        "no Ed25519 public key: it has to be PEM or 64 hex digits; `privascan key new --sign` writes one to FILE.pub"
    )]
    Public,
    /// A private key where a public one is asked for.
    #[error("this is a private key, which verifying does not need; name the public one, FILE.pub")]
    NotPublic,
    /// It cannot be written as PEM.
    #[error("the key cannot be written as PEM")]
    Unwritable,
}

/// Signs lines.
pub struct SignKey(SigningKey);

/// Checks signatures.
#[derive(Clone, Debug)]
pub struct VerifyKey(VerifyingKey);

impl SignKey {
    /// From 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// From the text of a key file.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        match bytes_of(text) {
            Some(seed) => Ok(Self::from_seed(&seed)),
            None => SigningKey::from_pkcs8_pem(text).map(Self).map_err(|_| KeyError::Private),
        }
    }

    /// The text of a key file.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::Unwritable)?;
        Ok(pem.to_string())
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> VerifyKey {
        VerifyKey(self.0.verifying_key())
    }

    /// Signs a hash, given as hex digits.
    pub fn sign(&self, hash: &str) -> String {
        STANDARD.encode(self.0.sign(hash.as_bytes()).to_bytes())
    }
}

impl VerifyKey {
    /// From the text of a key file.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(KeyError::NotPublic);
        }
        let key = match bytes_of(text) {
            Some(bytes) => VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Public)?,
            None => VerifyingKey::from_public_key_pem(text).map_err(|_| KeyError::Public)?,
        };
        Ok(Self(key))
    }

    /// The text of a key file.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|_| KeyError::Unwritable)
    }

    /// Its 32 bytes, hex.
    pub fn hex(&self) -> String {
        hex(self.0.as_bytes())
    }

    /// Whether `signature` is this key's over `hash`.
    pub fn accepts(&self, hash: &str, signature: &str) -> bool {
        let bytes = STANDARD.decode(signature).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        bytes.is_some_and(|bytes| {
            self.0.verify_strict(hash.as_bytes(), &Signature::from_bytes(&bytes)).is_ok()
        })
    }
}

/// 64 hex digits as bytes.
fn bytes_of(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, 7.1, test 2: one byte, 0x72, which is the text "r".
    #[test]
    fn a_signature_is_the_one_that_the_standard_has() {
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        let key = SignKey::parse(seed).expect("a seed");
        assert_eq!(key.public().hex(), public);
        let signed = STANDARD.decode(key.sign("r")).expect("base64");
        assert_eq!(hex(&signed), signature);
        assert!(VerifyKey::parse(public).expect("a key").accepts("r", &key.sign("r")));
    }

    #[test]
    fn keys_survive_being_written_and_others_do_not_accept() {
        let key = SignKey::from_seed(&[7; 32]);
        let again = SignKey::parse(&key.to_pem().expect("written")).expect("parsed");
        let public = VerifyKey::parse(&key.public().to_pem().expect("written")).expect("parsed");
        let signature = again.sign("abc");
        assert!(public.accepts("abc", &signature));
        assert!(!public.accepts("abd", &signature));
        assert!(!SignKey::from_seed(&[8; 32]).public().accepts("abc", &signature));
        // Whichever bit of the signature is another: base64 has unused ones at its end.
        for at in 0..signature.len() {
            for bit in 0..7 {
                let mut bytes = signature.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8_lossy(&bytes).into_owned();
                assert!(!public.accepts("abc", &changed), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let pem = SignKey::from_seed(&[7; 32]).to_pem().expect("written");
        assert_eq!(VerifyKey::parse(&pem).err(), Some(KeyError::NotPublic));
        for text in
            ["", "00", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", &"g".repeat(64)]
        {
            assert_eq!(VerifyKey::parse(text).err(), Some(KeyError::Public), "{text}");
            assert_eq!(SignKey::parse(text).err(), Some(KeyError::Private), "{text}");
        }
    }
}
