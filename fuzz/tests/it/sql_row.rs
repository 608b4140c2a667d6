//! The row of a record in SQL databases, whose columns may hold anything of any type.

use idem_fuzz::fuzz;
use idem_runtime::StoreError;
use idem_runtime::testing::stored::{Cell, SqlRow, read_sql_row, sql_row};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use proptest::strategy::{Just, Strategy};

use crate::docs::text;
use crate::records::{NOW, goes_on, record};

fn cell() -> impl Strategy<Value = Cell> {
    const EDGES: [i64; 9] = [i64::MIN, -1, 0, 1, 2, 3, 65_536, 1 << 32, i64::MAX];
    const WORDS: [&str; 6] = ["running", "completed", "pending", "rerun", "reconcile", "idem1:%:%@1:-:0:-"];
    prop_oneof![
        1 => Just(Cell::Null),
        2 => select(&EDGES[..]).prop_map(Cell::Number),
        1 => any::<i64>().prop_map(Cell::Number),
        1 => select(&WORDS[..]).prop_map(|word| Cell::Text(word.to_owned())),
        1 => text().prop_map(Cell::Text),
        1 => vec(any::<u8>(), 0..40).prop_map(Cell::Bytes),
    ]
}

#[test]
fn sql_row_of_any_cells() {
    let inputs = (record(), vec((any::<Index>(), cell()), 0..4));
    let report = fuzz("sql_row", 1_000, inputs, |(record, damage)| {
        let mut row = sql_row(&record).unwrap();
        assert_eq!(read_sql_row(&row).unwrap(), record);
        for (at, cell) in damage {
            let at = at.index(row.0.len());
            row.0[at] = cell;
        }
        any_row(&row);
    });
    println!("{report}");
}

fn any_row(row: &SqlRow) {
    match read_sql_row(row) {
        Ok(record) => {
            for now in [NOW, record.created_at, record.updated_at] {
                goes_on(&record, now);
            }
            assert_eq!(read_sql_row(&sql_row(&record).unwrap()).unwrap(), record);
        }
        Err(StoreError::Corrupt { reason, .. }) => assert!(reason.starts_with("column `"), "{reason}"),
        Err(StoreError::NewerFormat { found, .. }) => assert!(found > 2),
        Err(other) => panic!("{other}"),
    }
}
