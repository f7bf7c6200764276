//! A status in words.

use crate::language::{Language, language};
use crate::status::Status;

/// What the banner shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// The message.
    pub(crate) message: String,
    /// The tag of the language that the message is in.
    pub(crate) lang: &'static str,
    /// `ltr` or `rtl`.
    pub(crate) direction: &'static str,
    /// The name of the close button.
    pub(crate) close: &'static str,
}

impl Warning {
    /// Puts `status` into the language of the tag `lang`; the server's own words where that language or the state is
    /// unknown. `digits` writes a number for the readers of a language, and gives none where it does not know the tag.
    pub(crate) fn new(status: &Status, lang: &str, digits: impl Fn(u32, &str) -> Option<String>) -> Self {
        let translated = language(lang).and_then(|language| {
            let write = |number| digits(number, lang).or_else(|| digits(number, language.tag)).unwrap_or_default();
            Some(Self {
                message: message(language, status, write)?,
                lang: language.tag,
                direction: language.direction,
                close: language.close,
            })
        });
        translated.unwrap_or_else(|| Self {
            message: status.message.clone(),
            lang: "en",
            direction: "ltr",
            close: "Close",
        })
    }
}

fn message(language: &Language, status: &Status, write: impl Fn(u32) -> String) -> Option<String> {
    match status.state.as_str() {
        "pending" => Some(language.pending.to_owned()),
        "expired" => Some(language.expired.to_owned()),
        "expiring" => {
            let days = status.days?;
            let unit = language.days.unit(days);
            let number = if unit.counted { write(days) } else { String::new() };
            let [before, after] = language.expiring;
            Some([before, &number, unit.word, after].concat())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a browser does it: some tags it refuses, and Arabic has digits of its own.
    fn digits(number: u32, lang: &str) -> Option<String> {
        let arabic = |digit: char| char::from_u32(u32::from(digit) - u32::from('0') + u32::from('٠'));
        match lang {
            "ar" => number.to_string().chars().map(arabic).collect(),
            tag if tag.contains('_') => None,
            _ => Some(number.to_string()),
        }
    }

    fn warning(state: &str, days: Option<u32>, lang: &str) -> Warning {
        let status = Status { state: state.to_owned(), message: "The server’s words.".to_owned(), days };
        Warning::new(&status, lang, digits)
    }

    #[test]
    fn a_status_is_said_in_the_language_of_the_page() {
        for (state, days, lang, expected) in [
            (
                "expiring",
                Some(1),
                "de",
                "Ihre Lizenz für OpenHands Enterprise läuft in 1 Tag ab. Bitte wenden Sie sich an den Support, wenn das Problem weiterhin besteht.",
            ),
            (
                "expiring",
                Some(30),
                "ja",
                "OpenHands Enterprise のライセンスはあと30日で期限切れになります。問題が解決しない場合は、サポートにお問い合わせください。",
            ),
            (
                "expiring",
                Some(2),
                "ar",
                "ستنتهي صلاحية ترخيص OpenHands Enterprise الخاص بك خلال يومين. يرجى الاتصال بالدعم إذا استمرت هذه المشكلة.",
            ),
            (
                "expiring",
                Some(30),
                "ar",
                "ستنتهي صلاحية ترخيص OpenHands Enterprise الخاص بك خلال ٣٠ يومًا. يرجى الاتصال بالدعم إذا استمرت هذه المشكلة.",
            ),
            (
                "expiring",
                Some(30),
                "ar-MA",
                "ستنتهي صلاحية ترخيص OpenHands Enterprise الخاص بك خلال 30 يومًا. يرجى الاتصال بالدعم إذا استمرت هذه المشكلة.",
            ),
            (
                "expiring",
                Some(21),
                "uk_UA",
                "Термін дії вашої ліцензії OpenHands Enterprise закінчиться через 21 день. Якщо проблема не зникне, зверніться до служби підтримки.",
            ),
            (
                "pending",
                Some(29),
                "fr-CA",
                "La vérification de la licence OpenHands Enterprise est en attente. Veuillez vérifier la connexion réseau.",
            ),
            ("expired", Some(0), "zh-Hant", "您的 OpenHands Enterprise 授權已到期。請立即聯絡支援人員。"),
        ] {
            assert_eq!(warning(state, days, lang).message, expected);
        }
    }

    #[test]
    fn the_servers_words_stand_in_for_what_the_banner_cannot_say() {
        for (state, days, lang) in [
            ("expiring", Some(9), "en-GB"),
            ("expiring", Some(9), "nl"),
            ("expiring", None, "de"),
            ("suspended", Some(9), "ar"),
            ("", None, "ja"),
        ] {
            let Warning { message, lang, direction, close } = warning(state, days, lang);
            assert_eq!((message.as_str(), lang, direction, close), ("The server’s words.", "en", "ltr", "Close"));
        }
    }

    #[test]
    fn arabic_reads_from_right_to_left() {
        let warning = warning("expired", Some(0), "ar-EG");
        assert_eq!((warning.lang, warning.direction, warning.close), ("ar", "rtl", "إغلاق"));
    }
}
