//! The dashboard in the browser: hydrates the pages of app.
