//! The languages of the OHE UI, but for English, which is the server's own.

mod wordings;

pub(crate) use wordings::LANGUAGES;

/// What the banner says in one language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Language {
    /// The tag, as the OHE UI has it.
    pub(crate) tag: &'static str,
    /// `ltr` or `rtl`.
    pub(crate) direction: &'static str,
    /// The name of the close button.
    pub(crate) close: &'static str,
    /// Nothing was ever delivered.
    pub(crate) pending: &'static str,
    /// What stands before and after the days that are left.
    pub(crate) expiring: [&'static str; 2],
    /// The days that are left.
    pub(crate) days: Days,
    /// The license has ended.
    pub(crate) expired: &'static str,
}

/// What stands after a number of days, by the plural rules of the language (Unicode CLDR).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Days {
    /// The same after every number.
    Same(&'static str),
    /// After one, and after every other number.
    OneOther(&'static str, &'static str),
    /// As French: after zero and one, and after every other number.
    NoneOrOneOther(&'static str, &'static str),
    /// As Ukrainian: one (1, 21), few (2, 24), many (5, 11).
    OneFewMany(&'static str, &'static str, &'static str),
    /// As Arabic: one and two are words without a number; then few (3 to 10), many (11 to 99), and other.
    Arabic([&'static str; 5]),
}

/// A unit, and whether its number stands before it.
pub(crate) struct Unit {
    pub(crate) word: &'static str,
    pub(crate) counted: bool,
}

impl Days {
    /// What stands after `number`.
    pub(crate) fn unit(&self, number: u32) -> Unit {
        let (tens, hundreds) = (number % 10, number % 100);
        let word = match self {
            Self::Same(word) => word,
            Self::OneOther(one, other) => {
                if number == 1 {
                    one
                } else {
                    other
                }
            }
            Self::NoneOrOneOther(one, other) => {
                if number <= 1 {
                    one
                } else {
                    other
                }
            }
            Self::OneFewMany(one, few, many) => match (tens, hundreds) {
                (_, 11..=14) => many,
                (1, _) => one,
                (2..=4, _) => few,
                _ => many,
            },
            Self::Arabic([one, two, few, many, other]) => match (number, hundreds) {
                (1, _) => return Unit { word: one, counted: false },
                (2, _) => return Unit { word: two, counted: false },
                (_, 3..=10) => few,
                (_, 11..) => many,
                _ => other,
            },
        };
        Unit { word, counted: true }
    }
}

/// The language of a tag such as `de`, `pt-BR` or `zh_Hant`; none for English and for what the banner does not speak.
pub(crate) fn language(tag: &str) -> Option<&'static Language> {
    let mut subtags = tag.split(['-', '_']);
    let primary = match subtags.next()? {
        // The two written forms of Norwegian.
        primary if is(primary, "nb") || is(primary, "nn") => "no",
        primary => primary,
    };
    let traditional =
        is(primary, "zh") && subtags.any(|subtag| ["Hant", "TW", "HK", "MO"].iter().any(|one| is(subtag, one)));
    LANGUAGES.iter().find(|language| {
        let (known, region) = language.tag.split_once('-').unwrap_or((language.tag, ""));
        is(primary, known) && (region == "TW") == traditional
    })
}

fn is(subtag: &str, other: &str) -> bool {
    subtag.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_the_tags_in_use() {
        for (tag, expected) in [
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("pt_BR", Some("pt")),
            ("ko", Some("ko-KR")),
            ("ko-KR", Some("ko-KR")),
            ("nb-NO", Some("no")),
            ("nn", Some("no")),
            ("zh", Some("zh-CN")),
            ("zh-Hans-HK-x", Some("zh-TW")),
            ("zh-SG", Some("zh-CN")),
            ("zh-TW", Some("zh-TW")),
            ("zh-hant", Some("zh-TW")),
            ("zh-HK", Some("zh-TW")),
            ("en", None),
            ("en-US", None),
            ("nl", None),
            ("dev", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(language(tag).map(|language| language.tag), expected, "{tag}");
        }
    }

    #[test]
    fn every_language_of_the_ohe_ui_is_there() {
        let tags: Vec<_> = LANGUAGES.iter().map(|language| language.tag).collect();
        assert_eq!(tags, ["ar", "de", "es", "fr", "it", "ja", "ko-KR", "no", "pt", "tr", "uk", "zh-CN", "zh-TW"]);
        for language in &LANGUAGES {
            assert_eq!(language.direction, if language.tag == "ar" { "rtl" } else { "ltr" });
            for text in [language.pending, language.expired, language.expiring[0]] {
                assert!(text.contains("OpenHands Enterprise"), "{text}");
            }
        }
    }

    #[test]
    fn plurals_follow_the_rules_of_each_language() {
        for (tag, number, expected) in [
            ("de", 1, " Tag"),
            ("de", 2, " Tagen"),
            ("de", 0, " Tagen"),
            ("fr", 0, " jour"),
            ("fr", 1, " jour"),
            ("fr", 2, " jours"),
            ("tr", 1, " gün"),
            ("tr", 30, " gün"),
            ("ja", 30, "日"),
            ("uk", 1, " день"),
            ("uk", 3, " дні"),
            ("uk", 5, " днів"),
            ("uk", 11, " днів"),
            ("uk", 12, " днів"),
            ("uk", 21, " день"),
            ("uk", 24, " дні"),
            ("uk", 30, " днів"),
            ("uk", 111, " днів"),
            ("ar", 3, " أيام"),
            ("ar", 10, " أيام"),
            ("ar", 11, " يومًا"),
            ("ar", 99, " يومًا"),
            ("ar", 100, " يوم"),
            ("ar", 103, " أيام"),
        ] {
            let unit = language(tag).unwrap().days.unit(number);
            assert!(unit.counted);
            assert_eq!(unit.word, expected, "{tag} {number}");
        }
        for (number, word) in [(1, "يوم واحد"), (2, "يومين")] {
            let unit = language("ar").unwrap().days.unit(number);
            assert!(!unit.counted && unit.word == word, "{}", unit.word);
        }
    }
}
