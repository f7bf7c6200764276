//! What the documentation says of metrics and collectors is so.

use collectors::{Registry, grants, metrics_page};

#[test]
fn the_page_of_metrics_is_what_the_dictionary_says() {
    let page = include_str!("../../../docs/metrics.md");
    let current = metrics_page::render(&Registry::load().unwrap());
    assert!(
        page == current,
        "docs/metrics.md is stale; rewrite it with `cargo run -p collectors --example documentation`"
    );
}

#[test]
fn the_grant_script_names_what_is_read() {
    let script = include_str!("../../../docs/grants.sql");
    let current = grants::render(script, &Registry::load().unwrap()).unwrap();
    assert!(
        script == current,
        "docs/grants.sql is stale; rewrite it with `cargo run -p collectors --example documentation`"
    );
}

#[test]
fn every_description_is_a_sentence_with_a_unit() {
    for entry in Registry::load().unwrap().dictionary().iter() {
        let declaration = entry.declaration;
        let description = declaration.description;
        assert!(description.starts_with(char::is_uppercase) && description.ends_with('.'), "{description}");
        assert!(!declaration.unit.is_empty(), "{}", declaration.key);
    }
}
