//! The dashboard: Leptos pages and components, drawn on the server and taken over in the browser.
