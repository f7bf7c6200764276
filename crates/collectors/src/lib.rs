//! Reads usage numbers from the database of OpenHands Enterprise.
