//! Tables and rows as OpenHands Enterprise has them: half a year of a growing install, from a seed.
