//! What one pass over the rows makes of them: moments, the likelihood with its gradient, the Fisher information; or rows that it picks.

use candle_mle::ops::linear_residuals;

use crate::error::{Error, Result};
use crate::exact::Sums;
use crate::picked::{By, Picked};

/// The coordinates in which a pass computes: (x − shift) / scale, at most `reach` in size.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinates {
    /// One number a column.
    pub shift: Vec<f64>,
    /// Positive.
    pub scale: Vec<f64>,
    /// No row exceeds it.
    pub reach: Vec<f64>,
}

impl Coordinates {
    /// Rows of d numbers from d columns.
    fn rows(&self, x: &[&[f64]], rows: usize) -> Vec<f64> {
        let (width, mut mapped) = (x.len(), vec![0.0; x.len() * rows]);
        for (at, column) in x.iter().enumerate() {
            let (shift, scale) = (self.shift[at], self.scale[at]);
            let to = mapped.iter_mut().skip(at).step_by(width);
            to.zip(*column).for_each(|(to, x)| *to = (*x - shift) / scale);
        }
        mapped
    }
}

/// A pass, small enough to be sent with every query.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// Where it computes.
    pub coordinates: Coordinates,
    /// What it makes of them.
    pub what: What,
}

/// What a pass makes of the rows. θ has the slopes of each logit and then its intercept: one row of d + 1 numbers for the
/// classes 0 and 1, k for k classes.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Σ x and Σ x xᵀ, its lower triangle row by row; with `false` its diagonal alone.
    Moments(bool),
    /// Σ ln q, and then its gradient in the order of θ.
    Likelihood(Vec<f64>),
    /// −Σ ∂² ln q in the parameters of the classes but class 0: for each pair of them the lower triangle of Σ w (x, 1)(x, 1)ᵀ.
    Information(Vec<f64>),
    /// So many rows of each class, as they stand.
    Rows(By, usize),
}

/// What a pass has so far.
#[derive(Clone, Debug)]
pub enum Total {
    /// Sums.
    Sums(Sums),
    /// Rows.
    Rows(Picked),
}

impl Total {
    /// A row that cannot be used.
    pub fn spoil(&mut self) {
        match self {
            Self::Sums(sums) => sums.spoil(),
            Self::Rows(picked) => picked.spoil(),
        }
    }

    /// What another machine has, as [`to_bytes`](Self::to_bytes) wrote it.
    ///
    /// # Errors
    /// Bytes of another pass.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Sums(sums) => sums.merge(bytes),
            Self::Rows(picked) => picked.merge(bytes),
        }
    }

    /// All that is sent.
    pub fn to_bytes(&mut self) -> Vec<u8> {
        match self {
            Self::Sums(sums) => sums.to_bytes(),
            Self::Rows(picked) => picked.to_bytes(),
        }
    }

    /// What it takes in memory.
    pub fn size(&self) -> usize {
        match self {
            Self::Sums(sums) => sums.size(),
            Self::Rows(picked) => picked.size(),
        }
    }
}

impl Pass {
    fn width(&self) -> usize {
        self.coordinates.shift.len() + 1
    }

    /// Slopes and intercepts apart.
    fn parts(&self, theta: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let rows = theta.chunks_exact(self.width());
        let slopes = rows.clone().flat_map(|row| &row[..row.len() - 1]).copied().collect();
        (slopes, rows.filter_map(|row| row.last().copied()).collect())
    }

    /// What there is before the first row: of sums the bounds of what they will have.
    pub fn start(&self) -> Total {
        let reach = &self.coordinates.reach;
        let with_one = || reach.iter().copied().chain([1.0]);
        Total::Sums(match &self.what {
            What::Rows(by, most) => return Total::Rows(Picked::new(by.clone(), reach.len(), *most)),
            What::Moments(true) => Sums::new(reach.iter().copied().chain(triangle(reach))),
            What::Moments(false) => Sums::new(reach.iter().copied().chain(reach.iter().map(|reach| reach * reach))),
            What::Likelihood(theta) => {
                let logit = |row: &[f64]| row.iter().zip(with_one()).map(|(t, reach)| t.abs() * reach).sum::<f64>();
                let rows = theta.chunks_exact(self.width());
                let largest = rows.clone().map(logit).fold(0.0, f64::max);
                // ln q is at least −2 max |logit| − ln k.
                let log_q = 2.0 * largest + rows.len() as f64;
                Sums::new(std::iter::once(log_q).chain(rows.flat_map(|_| with_one())))
            }
            What::Information(theta) => {
                let product: Vec<f64> = triangle(&with_one().collect::<Vec<_>>()).collect();
                let others = others(theta.len() / self.width());
                let pairs = others * (others + 1) / 2;
                Sums::new((0..pairs).flat_map(|_| product.iter().map(|reach| 0.25 * reach)))
            }
        })
    }

    /// Adds rows: their columns of x, and the class of each but for moments.
    ///
    /// # Errors
    /// Another number of columns; what another pass has.
    pub fn add(&self, total: &mut Total, x: &[&[f64]], y: &[u32]) -> Result<()> {
        let (columns, rows) = (self.width() - 1, x.first().map_or(y.len(), |column| column.len()));
        if x.len() != columns || x.iter().any(|column| column.len() != rows) {
            return Err(Error::Foreign);
        }
        let sums = match total {
            Total::Sums(sums) => sums,
            Total::Rows(picked) => {
                let mut numbers = vec![0.0; columns + 1];
                for (row, y) in y.iter().enumerate() {
                    numbers.iter_mut().zip(x).for_each(|(to, column)| *to = column[row]);
                    numbers[columns] = f64::from(*y);
                    picked.add(&numbers);
                }
                return Ok(());
            }
        };
        let x = self.coordinates.rows(x, rows);
        let each_row = || (0..rows).map(|row| &x[row * columns..][..columns]);
        match &self.what {
            What::Rows(..) => return Err(Error::Foreign),
            What::Moments(all) => {
                let mut terms = vec![];
                for row in each_row() {
                    terms.clear();
                    terms.extend_from_slice(row);
                    if *all {
                        terms.extend(triangle(row));
                    } else {
                        terms.extend(row.iter().map(|x| x * x));
                    }
                    sums.add(&terms);
                }
            }
            What::Likelihood(theta) => {
                let (slopes, intercepts) = self.parts(theta);
                let (log_q, residuals) = linear_residuals([&x, &slopes, &intercepts], y)?;
                let mut terms = vec![0.0; 1 + theta.len()];
                for ((row, log_q), residuals) in each_row().zip(log_q).zip(residuals.chunks_exact(intercepts.len())) {
                    terms[0] = log_q;
                    for (to, residual) in terms[1..].chunks_exact_mut(columns + 1).zip(residuals) {
                        to.iter_mut().zip(row).for_each(|(to, x)| *to = residual * x);
                        to[columns] = *residual;
                    }
                    sums.add(&terms);
                }
            }
            What::Information(theta) => {
                let (slopes, intercepts) = self.parts(theta);
                let k = intercepts.len();
                // As if every row were of class 0: the residuals of the others are −q.
                let (_, residuals) = linear_residuals([&x, &slopes, &intercepts], &vec![0; rows])?;
                let (mut terms, mut products, mut with_one) = (vec![], vec![], vec![1.0; columns + 1]);
                for (row, residuals) in each_row().zip(residuals.chunks_exact(k)) {
                    with_one[..columns].copy_from_slice(row);
                    products.clear();
                    products.extend(triangle(&with_one));
                    let less = &residuals[k - others(k)..];
                    terms.clear();
                    for (a, less_a) in less.iter().enumerate() {
                        for (b, less_b) in less[..=a].iter().enumerate() {
                            let weight = if a == b { -less_a * (1.0 + less_b) } else { -less_a * less_b };
                            terms.extend(products.iter().map(|product| weight * product));
                        }
                    }
                    sums.add(&terms);
                }
            }
        }
        Ok(())
    }

    /// As bytes: what it is, the number of columns and of θ, and the numbers.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Coordinates { shift, scale, reach } = &self.coordinates;
        let (what, theta): (u32, Vec<f64>) = match &self.what {
            What::Moments(all) => (u32::from(*all), vec![]),
            What::Likelihood(theta) => (2, theta.clone()),
            What::Information(theta) => (3, theta.clone()),
            What::Rows(By::Lot { classes }, most) => (4, vec![*most as f64, *classes as f64]),
            What::Rows(By::Margin { delta }, most) => (5, [&[*most as f64], delta.as_slice()].concat()),
        };
        let head = [what, shift.len() as u32, theta.len() as u32].map(u32::to_le_bytes);
        let numbers = [shift, scale, reach, &theta].into_iter().flatten().map(|number| number.to_le_bytes());
        head.into_iter().flatten().chain(numbers.flatten()).collect()
    }

    /// The pass that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// Bytes of something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (head, numbers) = bytes.split_at_checked(12).ok_or(Error::Foreign)?;
        let (head, _) = head.as_chunks::<4>();
        let [what, columns, theta] = [head[0], head[1], head[2]].map(|word| u32::from_le_bytes(word) as usize);
        let (numbers, rest) = numbers.as_chunks::<8>();
        if !rest.is_empty() || numbers.len() != 3 * columns + theta {
            return Err(Error::Foreign);
        }
        let mut numbers = numbers.iter().map(|number| f64::from_le_bytes(*number));
        let mut take = |many: usize| numbers.by_ref().take(many).collect::<Vec<_>>();
        let coordinates = Coordinates { shift: take(columns), scale: take(columns), reach: take(columns) };
        let theta = take(theta);
        let what = match what {
            0 | 1 if theta.is_empty() => What::Moments(what == 1),
            4 if theta.len() == 2 => What::Rows(By::Lot { classes: theta[1] as usize }, theta[0] as usize),
            5 if theta.len() % (columns + 1) == 1 => {
                What::Rows(By::Margin { delta: theta[1..].to_vec() }, theta[0] as usize)
            }
            2 | 3 if theta.is_empty() || theta.len() % (columns + 1) != 0 => return Err(Error::Foreign),
            2 => What::Likelihood(theta),
            3 => What::Information(theta),
            _ => return Err(Error::Foreign),
        };
        Ok(Self { coordinates, what })
    }
}

/// Of how many classes a logit says something against class 0: the one logit of two classes, and all but the first of k.
fn others(k: usize) -> usize {
    if k == 1 { 1 } else { k - 1 }
}

/// The products of numbers with each other, row by row to the diagonal.
fn triangle(x: &[f64]) -> impl Iterator<Item = f64> {
    x.iter().enumerate().flat_map(move |(i, a)| x[..=i].iter().map(move |b| a * b))
}
