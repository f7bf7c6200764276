//! Text is readable on everything it stands on, in both themes (WCAG 2.2, level AA: 4.5 to 1).

use std::collections::BTreeMap;

const TOKENS: &str = include_str!("../../style/tokens.css");

const TEXTS: [&str; 4] = ["text", "text-soft", "text-faint", "accent"];
const GROUNDS: [&str; 3] = ["ground", "surface", "sunken"];
const TONES: [&str; 5] = ["good", "waiting", "warning", "bad", "neutral"];

/// The colours of one theme, by the name of their token.
type Theme = BTreeMap<String, [f64; 3]>;

fn themes() -> [(&'static str, Theme); 2] {
    let (light, dark) = TOKENS.split_once("@media (prefers-color-scheme: dark)").expect("two themes");
    let light = colours(light);
    let mut both = light.clone();
    both.extend(colours(dark));
    [("light", light), ("dark", both)]
}

fn colours(css: &str) -> Theme {
    css.lines()
        .filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #"))
        .filter(|(_, hex)| hex.len() == 6)
        .map(|(name, hex)| {
            let channel = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            (name.to_owned(), [channel(0), channel(2), channel(4)])
        })
        .collect()
}

fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] =
        colour.map(|channel| if channel <= 0.03928 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_is_readable_on_every_ground() {
    let texts = TEXTS.into_iter().flat_map(|text| GROUNDS.map(|ground| (text.to_owned(), ground.to_owned())));
    let tones = TONES
        .into_iter()
        .flat_map(|tone| [(tone.to_owned(), format!("{tone}-wash")), (tone.to_owned(), "sunken".to_owned())]);
    let pairs: Vec<_> = texts.chain(tones).chain([("on-accent".to_owned(), "accent".to_owned())]).collect();
    for (theme, colours) in themes() {
        for (text, ground) in &pairs {
            let contrast = contrast(colours[text], colours[ground]);
            assert!(contrast >= 4.5, "{theme}: --{text} on --{ground} is {contrast:.2}");
        }
    }
}

#[test]
fn black_on_white_is_the_most_there_is() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
}
