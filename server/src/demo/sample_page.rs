//! A page such as OHE's, with the license banner on it as OHE would embed it.

use app::SamplePage;
use axum::extract::Query;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;

/// The languages of the OHE UI, as they call themselves.
const LANGUAGES: [(&str, &str); 14] = [
    ("en", "English"),
    ("ja", "日本語"),
    ("zh-CN", "简体中文"),
    ("zh-TW", "繁體中文"),
    ("ko-KR", "한국어"),
    ("no", "Norsk"),
    ("ar", "العربية"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("pt", "Português"),
    ("es", "Español"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
];

/// What docs/embedding-the-banner.md asks of a page: the loader and its files from here, WebAssembly, and the status.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Adds the page to the server's `routes`, at `/sample`, and links it from the dashboard. `?lang=de` shows the banner in
/// another language than the page's.
pub(crate) fn with_sample_page(routes: Router) -> Router {
    let sample = Router::new().route("/sample", get(page)).route("/sample/style.css", get(style));
    routes.merge(sample).layer(Extension(SamplePage))
}

#[derive(Debug, Deserialize)]
struct Choice {
    lang: Option<String>,
}

async fn page(Query(choice): Query<Choice>) -> Response {
    // Of what a request says, nothing gets into the page but a tag of the list.
    let chosen = LANGUAGES.iter().find(|(tag, _)| choice.lang.as_deref() == Some(tag));
    let lang = chosen.map(|(tag, _)| format!(" lang=\"{tag}\"")).unwrap_or_default();
    let languages =
        LANGUAGES.map(|(tag, name)| format!("<li><a href=\"/sample?lang={tag}\" lang=\"{tag}\">{name}</a></li>"));
    let page = include_str!("sample_page/page.html");
    let page = page.replace("{{lang}}", &lang).replace("{{languages}}", &languages.concat());
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response()
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("sample_page/style.css"))
}
