//! A pass as an aggregate of the engine's: `candle_mle_sums(pass, x₁, …, x_d, y)`.
//!
//! The pass travels as a literal in the query, so that nothing but this function's name need be known to an executor.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility, lit};
use datafusion::physical_expr::expressions::Literal;
use datafusion::prelude::Expr;

use crate::error::Error;
use crate::pass::{Pass, Total, What};

/// The aggregate, to be registered with a session, a scheduler and its executors.
pub fn sums_of() -> AggregateUDF {
    AggregateUDF::new_from_impl(SumsOf { signature: Signature::variadic_any(Volatility::Immutable) })
}

/// What the aggregate is asked for in a query: the pass, and then columns of f64.
pub(crate) fn asked(pass: &Pass) -> Expr {
    // As a dictionary of one value, which the engine does not copy for every row.
    let bytes = ScalarValue::Binary(Some(pass.to_bytes()));
    lit(ScalarValue::Dictionary(Box::new(DataType::Int8), Box::new(bytes)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SumsOf {
    signature: Signature,
}

impl AggregateUDFImpl for SumsOf {
    fn name(&self) -> &str {
        "candle_mle_sums"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Field::new(format!("{}[sums]", args.name), DataType::Binary, true).into()])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let literal = args.exprs.first().and_then(|first| first.downcast_ref::<Literal>()).map(Literal::value);
        let bytes = match literal {
            Some(ScalarValue::Dictionary(_, value)) => value.as_ref(),
            Some(value) => value,
            None => return Err(Error::Foreign.into()),
        };
        let ScalarValue::Binary(Some(bytes)) = bytes else { return Err(Error::Foreign.into()) };
        let pass = Pass::from_bytes(bytes)?;
        Ok(Box::new(Adding { total: pass.start(), pass }))
    }
}

#[derive(Debug)]
struct Adding {
    pass: Pass,
    total: Total,
}

impl Accumulator for Adding {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let columns: Option<Vec<&Float64Array>> =
            values[1..].iter().map(|column| column.as_primitive_opt::<Float64Type>()).collect();
        let mut columns = columns.ok_or_else(|| DataFusionError::from(Error::Foreign))?;
        // What is missing was told apart before the fit.
        if columns.iter().any(|column| column.null_count() > 0) {
            self.total.spoil();
            return Ok(());
        }
        let y = match self.pass.what {
            What::Moments(_) => None,
            What::Likelihood(_) | What::Information(_) | What::Rows(..) => columns.pop(),
        };
        let y: Vec<u32> = y.map_or(vec![], |y| y.values().iter().map(|y| *y as u32).collect());
        let x: Vec<&[f64]> = columns.iter().map(|column| column.values().as_ref()).collect();
        Ok(self.pass.add(&mut self.total, &x, &y)?)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states[0].as_binary_opt::<i32>().ok_or_else(|| DataFusionError::from(Error::Foreign))?;
        states.iter().flatten().try_for_each(|state| Ok(self.total.merge(state)?))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Binary(Some(self.total.to_bytes())))
    }

    fn size(&self) -> usize {
        self.total.size()
    }
}
