//! Writes every page in every state to `target/gallery/`, with an index, to be looked at without a server:
//! `cargo run -p app --features ssr --example gallery`.

#![expect(clippy::expect_used, reason = "the made-up install is known to be well-formed")]

#[path = "../fixtures/mod.rs"]
mod fixtures;

use std::path::{Path, PathBuf};
use std::{fs, io};

use app::Assets;
use fixtures::{Page, Story, draw, waiting_batch_id};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("../target/gallery");
    fs::create_dir_all(&target)?;
    fs::write(target.join("admin.css"), style_sheet(&root.join("style"))?)?;
    let assets = Assets { css: "admin.css".into(), js: "admin.js".into(), wasm: "admin.wasm".into() };
    let mut index = vec!["<!DOCTYPE html><title>Gallery</title><ul>".to_owned()];
    for (name, story, path) in pages() {
        let Page { status, html } = draw(story, &path, &assets);
        fs::write(target.join(format!("{name}.html")), html)?;
        index.push(format!("<li>{status} <a href='{name}.html'>{name}</a></li>"));
    }
    fs::write(target.join("index.html"), index.concat())
}

fn pages() -> Vec<(String, Story, String)> {
    let stories = [
        ("healthy", Story::Healthy),
        ("failing", Story::Failing),
        ("expired", Story::Expired),
        ("fresh", Story::Fresh),
        ("database-away", Story::DatabaseAway),
        ("broken", Story::Broken),
    ];
    let paths = [
        ("overview", "/admin".to_owned()),
        ("batches", "/admin/batches".to_owned()),
        ("batches-set-aside", "/admin/batches?state=set_aside".to_owned()),
        ("batch", format!("/admin/batches/{}", waiting_batch_id())),
        ("metrics", "/admin/metrics".to_owned()),
        ("metric", "/admin/metrics/active_users_7d".to_owned()),
        ("metric-gap", "/admin/metrics/agent_work_seconds_30d".to_owned()),
        ("metric-close-up", "/admin/metrics/total_users".to_owned()),
        ("collectors", "/admin/collectors".to_owned()),
        ("not-found", "/admin/nowhere".to_owned()),
    ];
    stories
        .into_iter()
        .flat_map(|(story_name, story)| {
            paths.clone().map(|(path_name, path)| (format!("{path_name}-{story_name}"), story, path))
        })
        .collect()
}

/// All style sheets in one, in the order in which the server has them: tokens, base, layout, components, pages.
fn style_sheet(style: &Path) -> io::Result<String> {
    let mut files: Vec<PathBuf> =
        ["tokens.css", "base.css", "layout.css"].iter().map(|name| style.join(name)).collect();
    for folder in ["components", "pages"] {
        let mut inside = fs::read_dir(style.join(folder))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        inside.sort();
        files.append(&mut inside);
    }
    files.into_iter().map(fs::read_to_string).collect::<io::Result<Vec<_>>>().map(|parts| parts.join("\n"))
}
