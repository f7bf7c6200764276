//! Rows on their way into a table by `COPY`, in PostgreSQL's text format.

use std::io::Write as _;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// One field of a row.
pub(crate) trait Value {
    /// Appends the field as `COPY` reads it.
    fn write(&self, text: &mut Vec<u8>);
}

impl Value for str {
    fn write(&self, text: &mut Vec<u8>) {
        for byte in self.bytes() {
            match byte {
                b'\\' => text.extend(br"\\"),
                b'\t' => text.extend(br"\t"),
                b'\n' => text.extend(br"\n"),
                b'\r' => text.extend(br"\r"),
                _ => text.push(byte),
            }
        }
    }
}

impl Value for String {
    fn write(&self, text: &mut Vec<u8>) {
        self.as_str().write(text);
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn write(&self, text: &mut Vec<u8>) {
        (*self).write(text);
    }
}

impl<T: Value> Value for Option<T> {
    fn write(&self, text: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(text),
            None => text.extend(br"\N"),
        }
    }
}

/// Types whose display is what PostgreSQL reads. Writing to memory cannot fail.
macro_rules! displayed {
    ($($type:ty),*) => {
        $(impl Value for $type {
            fn write(&self, text: &mut Vec<u8>) {
                let _ = write!(text, "{self}");
            }
        })*
    };
}
displayed!(bool, i32, i64, u32, f64, Uuid);

impl Value for DateTime<Utc> {
    /// With its offset, which a column without time zone ignores: it takes the UTC wall clock, as OHE writes it.
    fn write(&self, text: &mut Vec<u8>) {
        let _ = write!(text, "{}+00", self.naive_utc());
    }
}

/// The rows that wait to go into one table.
#[derive(Debug)]
pub(crate) struct Rows {
    table: &'static str,
    columns: &'static str,
    text: Vec<u8>,
    count: u64,
}

impl Rows {
    /// No rows yet, for these columns (separated by commas) of `table`.
    pub(crate) fn new(table: &'static str, columns: &'static str) -> Self {
        Self { table, columns, text: Vec::new(), count: 0 }
    }

    /// Adds a row, with its values in the order of the columns.
    pub(crate) fn push(&mut self, values: &[&dyn Value]) {
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                self.text.push(b'\t');
            }
            value.write(&mut self.text);
        }
        self.text.push(b'\n');
        self.count += 1;
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.text.len()
    }

    /// Sends what waits to the database.
    pub(crate) async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.text.is_empty() {
            return Ok(());
        }
        let statement = format!("copy {} ({}) from stdin", self.table, self.columns);
        let mut copy = connection.copy_in_raw(&statement).await?;
        copy.send(self.text.as_slice()).await?;
        copy.finish().await?;
        self.text.clear();
        Ok(())
    }

    /// The table, and how many rows it has been given.
    pub(crate) fn count(&self) -> (&'static str, u64) {
        (self.table, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_as_copy_reads_it() {
        let mut rows = Rows::new("t", "a, b");
        let instant: DateTime<Utc> = "2025-11-23T14:45:30.25Z".parse().unwrap();
        rows.push(&[&"a\tb\\c\nd\r", &None::<i32>, &Some(""), &1.5, &true, &instant, &Uuid::nil()]);
        let expected =
            "a\\tb\\\\c\\nd\\r\t\\N\t\t1.5\ttrue\t2025-11-23 14:45:30.250+00\t00000000-0000-0000-0000-000000000000\n";
        assert_eq!(String::from_utf8(rows.text).unwrap(), expected);
        assert_eq!(rows.count, 1);
    }
}
