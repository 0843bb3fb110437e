//! What is claimed, and can fail.

mod a_group_by_is_p_hat;
mod a_likelihood_is_a_sum;
mod a_maximum_is_certain_or_not_claimed;
mod counts_add_up;
mod executors_give_the_same_bits;
mod one_reader_says_what_columns_are;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Numbers from 0 to 1, of no particular order.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Rows of three columns of numbers that never repeat, and a class of k that hangs on them.
struct Sample {
    x: [Vec<f64>; 3],
    y: Vec<usize>,
}

impl Sample {
    fn new(rows: usize, classes: usize) -> Self {
        let mut random = Random(rows as u64);
        let (mut x, mut y) = ([vec![], vec![], vec![]], vec![]);
        for _ in 0..rows {
            // Of several sizes, as dollars and years are.
            let row = [1e4 * random.next(), random.next() - 0.5, 20.0 + 60.0 * random.next() * random.next()];
            let logits: Vec<f64> = (0..classes)
                .map(|class| class as f64 * (2e-4 * row[0] - 1.0 + row[1] - 0.02 * (row[2] - 30.0)))
                .collect();
            let sum: f64 = logits.iter().map(|z| z.exp()).sum();
            let mut left = random.next() * sum;
            let class = logits.iter().position(|z| {
                left -= z.exp();
                left < 0.0
            });
            x.iter_mut().zip(row).for_each(|(column, x)| column.push(x));
            y.push(class.unwrap_or(classes - 1));
        }
        Self { x, y }
    }

    fn columns(&self, rows: std::ops::Range<usize>) -> Vec<(&'static str, ArrayRef)> {
        let number = |at: usize| Arc::new(Float64Array::from(self.x[at][rows.clone()].to_vec())) as ArrayRef;
        let classes = StringArray::from_iter_values(self.y[rows.clone()].iter().map(|class| format!("kind {class}")));
        vec![("dollars", number(0)), ("score", number(1)), ("years", number(2)), ("kind", Arc::new(classes))]
    }

    /// In several files of a folder, of unequal length.
    fn write(&self, folder: &Path) -> Outcome {
        let (rows, mut from, mut at) = (self.y.len(), 0, 0);
        while from < rows {
            let upto = (from + rows / 7 + 13 * at + 1).min(rows);
            parquet(&folder.join(format!("part-{at}.parquet")), self.columns(from..upto))?;
            (from, at) = (upto, at + 1);
        }
        Ok(())
    }
}

fn parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) -> Outcome {
    let batch = RecordBatch::try_from_iter(columns)?;
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a name of letters")
}
