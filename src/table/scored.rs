//! A table read as the one that a model was fitted on: the same columns in the same places, whatever the order of its levels.

use candle_core::{Device, Tensor};

use super::{Column, Design, Names, Part, Table, wrong};
use crate::batch::Labelled;
use crate::empirical::Empirical;
use crate::error::{Error, Result};

impl Names {
    /// x of a table's rows, (rows, columns), as the model of these names takes it: a column of numbers by its name, a level by the
    /// column and the base level that it had. Other columns, and the target, need not be there.
    ///
    /// ```
    /// use candle_mle::Table;
    /// let read = |csv: &str| Table::from_reader(csv.as_bytes(), None);
    /// let fitted_on = read("class,dose,ill\n1st,3,no\n2nd,1,yes\n1st,2,yes\n2nd,5,no\n")?;
    /// let names = fitted_on.design("ill").from(["class", "dose"]).base("class", "2nd").build()?.names;
    /// let x = names.x_of(&read("dose,where,class\n4,here,2nd\n7,there,1st\n")?)?;
    /// assert_eq!(x.to_vec2::<f64>()?, [[0.0, 4.0], [1.0, 7.0]]);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// A column that is missing, or holds categories where there were numbers; a level that was not there, with its line; a cell
    /// that is missing, unless the table was read to drop such rows.
    pub fn x_of(&self, table: &Table) -> Result<Tensor> {
        let of_x: Vec<&str> = self.of_x().into_iter().map(|(of, _)| of).collect();
        self.x_of_ready(&self.ready(table, &of_x)?)
    }

    /// The same with the classes of the target: p̂ of a table that was held out, to be scored by the model.
    ///
    /// # Errors
    /// As [`x_of`](Self::x_of); no target, or a class that the model does not know, with its line.
    pub fn design_of(&self, table: &Table) -> Result<Design> {
        table.of_target(&self.target)?;
        let table = self.rows_of(table, true)?;
        let mut batch = Labelled::new(self.x_of_ready(&table)?, self.y_of(&table)?)?;
        if let Some(offset) = self.offset_of(&table)? {
            batch = batch.with_offset(offset)?;
        }
        let (p, notes) = (Empirical::from_counts(batch, table.count())?, table.notes().to_vec());
        Ok(Design { p, names: self.clone(), notes, weighed: None })
    }

    /// The rows of a table that can be foretold, in the columns that this takes, and the target among them if it is asked for.
    ///
    /// # Errors
    /// A column that is missing; a cell that is, unless the table was read to drop such rows; a column of nothing else.
    pub fn rows_of(&self, table: &Table, with_target: bool) -> Result<Table> {
        let target = with_target.then_some(self.target.as_str());
        self.ready(table, &target.into_iter().chain(self.inputs()).collect::<Vec<_>>())
    }

    fn ready(&self, table: &Table, columns: &[&str]) -> Result<Table> {
        if let Some(name) = columns.iter().find(|name| table.is_empty(name)) {
            let problem =
                "every cell is missing, and the model was fitted with this column: fill it, or fit a model without it";
            return Err(wrong(name, problem.into()));
        }
        // Of the intercept alone every row is foretold.
        if columns.is_empty() { Ok(table.clone()) } else { table.with_only(columns) }
    }

    /// The class of every row, (rows,) u32, as the model of these names numbers them.
    ///
    /// # Errors
    /// No target, a cell of it that is missing, or a class that the model does not know, with its line.
    pub fn y_of(&self, table: &Table) -> Result<Tensor> {
        let target = table.column(&self.target)?;
        let class = |row| {
            let known = self.classes.iter().position(|class| target.is(row, class));
            known.map(|class| class as u32).ok_or_else(|| {
                table.stranger(
                    &self.target,
                    row,
                    format!("no class of the model, which knows {}", self.classes.join(", ")),
                )
            })
        };
        let y = (0..table.rows()).map(class).collect::<Result<Vec<u32>>>()?;
        Ok(Tensor::from_vec(y, table.rows(), &Device::Cpu)?)
    }

    /// The columns of a table that a row is foretold from: those that x is made of, an offset and an exposure.
    pub fn inputs(&self) -> Vec<&str> {
        let mut inputs: Vec<&str> = vec![];
        let of_x = self.of_x();
        for of in of_x.iter().map(|(of, _)| *of).chain(self.offset.as_deref()).chain(self.exposure.as_deref()) {
            if !inputs.contains(&of) {
                inputs.push(of);
            }
        }
        inputs
    }

    /// What is added to the linear predictor of every row of a table, (rows,), if anything is.
    ///
    /// # Errors
    /// A column that is missing or holds categories; an exposure that is not positive.
    pub fn offset_of(&self, table: &Table) -> Result<Option<Tensor>> {
        let mut sum = vec![0.0; table.rows()];
        if let Some(offset) = &self.offset {
            sum.iter_mut().zip(table.numbers(offset)?).for_each(|(sum, offset)| *sum += offset);
        }
        if let Some(exposure) = &self.exposure {
            let cure = "an exposure is a positive number: drop the row, for nothing was watched";
            table.holding(exposure, |x| x > 0.0, cure)?;
            // Of a row that was never observed it may be 0, and does not matter.
            let of = |(exposure, count): (&f64, &f64)| if *count > 0.0 { exposure.ln() } else { 0.0 };
            sum.iter_mut()
                .zip(table.numbers(exposure)?.iter().zip(table.count()))
                .for_each(|(sum, of_row)| *sum += of(of_row));
        }
        let any = self.offset.is_some() || self.exposure.is_some();
        Ok(any.then(|| Tensor::from_vec(sum, table.rows(), &Device::Cpu)).transpose()?)
    }

    /// The columns of a table that x is made of, and of those of categories the levels that are known.
    fn of_x(&self) -> Vec<(&str, Vec<&str>)> {
        let mut all: Vec<(&str, Vec<&str>)> = vec![];
        let parts = (0..self.columns.len()).flat_map(|at| match self.parts.get(at) {
            Some(parts) => parts.iter().map(|part| (part.column(), Some(part))).collect(),
            None => vec![(self.columns[at].as_str(), None)],
        });
        for (column, part) in parts {
            let at = all.iter().position(|(of, _)| *of == column).unwrap_or_else(|| {
                all.push((column, vec![]));
                all.len() - 1
            });
            if let Some(Part::Level { level, base, .. }) = part {
                for level in base.iter().chain([level]) {
                    if !all[at].1.contains(&level.as_str()) {
                        all[at].1.push(level);
                    }
                }
            }
        }
        all
    }

    fn x_of_ready(&self, table: &Table) -> Result<Tensor> {
        let (rows, width) = (table.rows(), self.columns.len());
        let mut x = vec![1.0; rows * width];
        for at in 0..width {
            let own = [Part::Number { column: self.columns[at].clone(), power: 1 }];
            for part in self.parts.get(at).map_or(own.as_slice(), Vec::as_slice) {
                let cells = x.iter_mut().skip(at).step_by(width);
                match part {
                    Part::Number { column, power } => {
                        let of = |number: &f64| if *power == 1 { *number } else { number.powi(*power) };
                        cells.zip(table.numbers(column)?).for_each(|(to, number)| *to *= of(number));
                    }
                    Part::Level { column, level, .. } => {
                        let column = table.column(column)?;
                        let is = |row| f64::from(u8::from(column.is(row, level)));
                        cells.enumerate().for_each(|(row, to)| *to *= is(row));
                    }
                }
            }
        }
        for (of, known) in self.of_x().into_iter().filter(|(_, known)| !known.is_empty()) {
            all_known(table, of, &known)?;
        }
        Ok(Tensor::from_vec(x, (rows, width), &Device::Cpu)?)
    }
}

/// An error if a column of levels has one that it had not.
fn all_known(table: &Table, of: &str, known: &[&str]) -> Result<()> {
    let column = table.column(of)?;
    let new = |row: &usize| !known.iter().any(|level| column.is(*row, level));
    let unknown = match column {
        // Each level once.
        Column::Categories { levels, codes } => {
            let new: Vec<bool> = levels.iter().map(|level| !known.contains(&level.as_str())).collect();
            codes.iter().position(|code| new[*code as usize])
        }
        Column::Numbers(_) => (0..table.rows()).find(new),
    };
    match unknown {
        None => Ok(()),
        Some(row) => Err(table.stranger(
            of,
            row,
            format!("the model was fitted without this level and knows {}: leave the row out", known.join(", ")),
        )),
    }
}

impl Table {
    fn stranger(&self, column: &str, row: usize, problem: String) -> Error {
        let text = self.column(column).map_or(String::new(), |cells| cells.text(row));
        Error::Cell { file: self.file.clone(), line: self.lines[row], column: column.into(), text, problem }
    }
}
