//! Files of counts that were made anywhere add up to the bytes of the whole.

use std::path::Path;
use std::sync::Arc;

use candle_mle_sql::{Counts, Engine};
use datafusion::arrow::array::{ArrayRef, DictionaryArray, Int32Array, LargeStringArray, StringArray, UInt64Array};
use datafusion::arrow::datatypes::Int8Type;

use crate::{Outcome, name, parquet};

fn bytes(counts: &Counts, to: &Path) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    counts.write(to)?;
    Ok(std::fs::read(to)?)
}

#[test]
fn shards_add_up_to_the_bytes_of_the_whole() -> Outcome {
    let folder = tempfile::tempdir()?;
    let at = |file: &str| folder.path().join(file);
    let engine = Engine::within(1 << 28, 3)?;
    let rows = |from: usize, upto: usize| {
        format!(
            "SELECT 'kind ' || CAST(value % 5 AS VARCHAR) AS kind, value * 37 % 11 AS size, CAST(value % 2 AS DOUBLE) / 3 AS share \
             FROM generate_series({from}, {upto})"
        )
    };
    let whole = bytes(&Counts::of(&engine, &rows(1, 9000), &[], None)?, &at("whole.parquet"))?;
    for (shard, (from, upto)) in [(1, 4000), (4001, 4001), (4002, 9000)].into_iter().enumerate() {
        Counts::of(&engine, &rows(from, upto), &[], None)?.write(at(&format!("shard-{shard}.parquet")))?;
    }
    let names = |order: [usize; 3]| order.map(|shard| at(&format!("shard-{shard}.parquet")).display().to_string());
    for order in [[0, 1, 2], [2, 0, 1]] {
        let merged = Counts::merged(&engine, &names(order), None)?;
        assert!(bytes(&merged, &at("merged.parquet"))? == whole);
    }
    let by_pattern = Counts::merged(&engine, &[name(&at("shard-*.parquet"))], None)?;
    assert!(bytes(&by_pattern, &at("merged.parquet"))? == whole);
    // Some of them are not all of them.
    let two = Counts::merged(&engine, &names([0, 1, 1])[..2], None)?;
    assert!(bytes(&two, &at("merged.parquet"))? != whole);
    Ok(())
}

#[test]
fn what_another_engine_has_counted_adds_up_too() -> Outcome {
    let folder = tempfile::tempdir()?;
    let at = |file: &str| folder.path().join(file);
    let kinds = ["a", "b"];
    let sizes = Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef;
    let counts = Arc::new(UInt64Array::from(vec![10, 20])) as ArrayRef;
    let large = Arc::new(LargeStringArray::from_iter_values(kinds)) as ArrayRef;
    let dictionary = Arc::new(DictionaryArray::<Int8Type>::from_iter(kinds)) as ArrayRef;
    let plain = Arc::new(StringArray::from_iter_values(kinds)) as ArrayRef;
    let engine = Engine::within(1 << 28, 2)?;
    let mut known = None;
    for (file, kinds) in [("large", large), ("dictionary", dictionary), ("plain", plain)] {
        let file = at(&format!("{file}.parquet"));
        parquet(&file, vec![("kind", kinds), ("size", sizes.clone()), ("n", counts.clone())])?;
        let own = bytes(&Counts::merged(&engine, &[name(&file)], Some("n"))?, &at("out.parquet"))?;
        assert!(own == *known.get_or_insert_with(|| own.clone()), "{}", file.display());
    }
    let said = Counts::merged(&engine, &[name(&at("plain.parquet"))], None).expect_err("no such column").to_string();
    assert_eq!(said, "column 'count': there is none; there are kind, size, n");
    Ok(())
}
