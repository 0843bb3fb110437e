//! A table read as the one that a model was fitted on: the same columns in the same places, whatever the order of its levels.

use candle_core::{Device, Tensor};

use super::{Column, Design, Names, Table};
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
        let table = table.with_only(&self.inputs())?;
        self.x_of_ready(&table)
    }

    /// The same with the classes of the target: p̂ of a table that was held out, to be scored by the model.
    ///
    /// # Errors
    /// As [`x_of`](Self::x_of); no target, or a class that the model does not know, with its line.
    pub fn design_of(&self, table: &Table) -> Result<Design> {
        table.of_target(&self.target)?;
        let table = table.with_only(&[vec![self.target.as_str()], self.inputs()].concat())?;
        let batch = Labelled::new(self.x_of_ready(&table)?, self.y_of(&table)?)?;
        let (p, notes) = (Empirical::from_counts(batch, table.count())?, table.notes().to_vec());
        Ok(Design { p, names: self.clone(), notes })
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

    /// The columns of a table that x is made of.
    pub fn inputs(&self) -> Vec<&str> {
        let mut inputs: Vec<&str> = vec![];
        for (at, column) in self.columns.iter().enumerate() {
            let of = self.of_level(at).map_or(column.as_str(), |(of, ..)| of);
            if inputs.last() != Some(&of) {
                inputs.push(of);
            }
        }
        inputs
    }

    /// The column of a table that a column of x is of, its level and the base level, if it stands for one.
    fn of_level(&self, at: usize) -> Option<(&str, &str, &str)> {
        let (of, base) = self.bases.get(at)?.as_ref()?;
        let level = self.columns[at].strip_prefix(of.as_str())?.strip_prefix(' ')?;
        Some((of, level, base))
    }

    fn x_of_ready(&self, table: &Table) -> Result<Tensor> {
        let (rows, width) = (table.rows(), self.columns.len());
        let mut x = vec![0.0; rows * width];
        for at in 0..width {
            match self.of_level(at) {
                None => {
                    let numbers = table.numbers(&self.columns[at])?;
                    numbers.iter().enumerate().for_each(|(row, number)| x[row * width + at] = *number);
                }
                Some((of, level, _)) => {
                    let column = table.column(of)?;
                    (0..rows).filter(|row| column.is(*row, level)).for_each(|row| x[row * width + at] = 1.0);
                }
            }
        }
        for of in self.inputs() {
            self.all_known(table, of)?;
        }
        Ok(Tensor::from_vec(x, (rows, width), &Device::Cpu)?)
    }

    /// An error if a column of levels has one that it had not.
    fn all_known(&self, table: &Table, of: &str) -> Result<()> {
        let levels = (0..self.columns.len()).filter_map(|at| self.of_level(at)).filter(|(column, ..)| *column == of);
        let (mut known, mut bases): (Vec<&str>, Vec<&str>) = levels.map(|(_, level, base)| (level, base)).unzip();
        let Some(base) = bases.pop() else { return Ok(()) };
        known.insert(0, base);
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
}

impl Table {
    fn stranger(&self, column: &str, row: usize, problem: String) -> Error {
        let text = self.column(column).map_or(String::new(), |cells| cells.text(row));
        Error::Cell { file: self.file.clone(), line: self.lines[row], column: column.into(), text, problem }
    }
}
