//! The license banner as a custom element.
