//! The geometry of charts, pure: from values to axes, ticks and paths. Drawn by the components `Chart` and `Sparkline`.

pub(crate) mod plot;
pub(crate) mod scale;
pub(crate) mod time_axis;

/// The side of the square in which paths are drawn; the browser stretches it to the room there is.
pub(crate) const SIDE: f64 = 1000.0;
