//! One file per collector. A file in this directory is part of the program, without an entry anywhere else.

automod::dir!("src/collectors");
