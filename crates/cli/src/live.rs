//! A fit that is watched in a terminal: the three curves on each other, the floor, where they are least, and keys to stop and to save.

use candle_mle::History;
use candle_mle::hook::Row;
use candle_mle::info::Unit;
use candle_mle::info::number::fixed;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};

pub(crate) use terminal::{Live, leave};

/// How near to its least a curve counts as there, in nats per observation.
const FLAT: f64 = 1e-9;
/// Columns and lines that curves need beside their axes and words.
const LEAST: (u16, u16) = (60, 14);
/// Points that a curve is drawn by at the most: a line of a terminal has fewer.
const POINTS: usize = 512;

/// What is to be seen: the rows so far.
#[derive(Debug)]
struct View {
    unit: Unit,
    steps: usize,
    history: History,
    logarithmic: bool,
    /// What came of the last key.
    note: &'static str,
}

impl View {
    fn new(unit: Unit, steps: usize) -> Self {
        Self { unit, steps, history: History::default(), logarithmic: true, note: "" }
    }

    fn place(&self, step: usize) -> f64 {
        if self.logarithmic { (1.0 + step as f64).log10() } else { step as f64 }
    }

    /// A curve, by rows that are evenly spread over the axis.
    fn curve(&self, value: impl Fn(&Row) -> f64) -> Vec<(f64, f64)> {
        let rows = self.history.rows();
        let (first, last) = (rows.first(), rows.last());
        let [low, high] = [first, last].map(|row| row.map_or(0.0, |row| self.place(row.step)));
        let mut points: Vec<(f64, f64)> = vec![];
        for row in rows {
            let (x, y) = (self.place(row.step), value(row) / self.unit.nats());
            let far = points.last().is_none_or(|(last, _)| (x - last) * POINTS as f64 >= high - low);
            let is_last = last.is_some_and(|last| last.step == row.step);
            if y.is_finite() && (far || is_last) {
                points.push((x, y));
            }
        }
        points
    }

    fn draw(&self, frame: &mut Frame<'_>) {
        if frame.area().width < LEAST.0 || frame.area().height < LEAST.1 {
            return self.draw_small(frame);
        }
        let [head, body, foot] =
            Layout::vertical([Constraint::Length(2), Constraint::Min(5), Constraint::Length(2)]).areas(frame.area());
        let (unit, n) = (self.unit, self.history.total());
        let now = self.history.rows().last();
        let amount =
            |value: f64, decimals| if value.is_finite() { fixed(value / unit.nats(), decimals) } else { "∞".into() };
        let said = now.map_or("no step yet".into(), |row| {
            format!(
                "step {} of {}   KL {}   cross-entropy {} {unit} per observation   NLL {} {unit}",
                row.step,
                self.steps,
                amount(row.kl, 6),
                amount(row.cross_entropy, 6),
                amount(row.nll, 2)
            )
        });
        let argmin = self.history.argmin(FLAT);
        let least = |step: Option<usize>| step.map_or("nowhere".into(), |step| format!("step {step}"));
        let least = format!(
            "least so far: KL {}, cross-entropy {}, NLL {}",
            least(argmin.kl),
            least(argmin.cross_entropy),
            least(argmin.nll)
        );
        frame.render_widget(Paragraph::new(vec![Line::from(said), Line::from(least)]), head);
        let curves = [
            ("cross-entropy", self.curve(|row| row.cross_entropy), Color::Cyan, Marker::Braille),
            ("NLL / n", self.curve(|row| row.nll / n), Color::White, Marker::Dot),
            ("KL", self.curve(|row| row.kl), Color::Red, Marker::Braille),
        ];
        let right = now.map_or(1.0, |row| self.place(row.step)).max(1e-9);
        let left = self.history.rows().first().map_or(0.0, |row| self.place(row.step));
        let floor: Vec<(f64, f64)> = match self.history.entropy() {
            Some(entropy) => [left, right].map(|x| (x, entropy.to(unit))).to_vec(),
            None => vec![],
        };
        let at = |step: Option<usize>, value: fn(&Row) -> f64| {
            let row = self.history.rows().iter().find(|row| Some(row.step) == step)?;
            Some((self.place(row.step), value(row) / unit.nats()))
        };
        let marks: Vec<(f64, f64)> = [at(argmin.kl, |row| row.kl), at(argmin.cross_entropy, |row| row.cross_entropy)]
            .into_iter()
            .flatten()
            .collect();
        let heights = || curves.iter().flat_map(|(_, curve, ..)| curve).chain(&floor).map(|point| point.1);
        let (low, high) =
            heights().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
        let (low, high) = if low.is_finite() && high > low { (low, high) } else { (0.0, 1.0) };
        let mut sets: Vec<Dataset<'_>> = curves
            .iter()
            .map(|(name, curve, colour, marker)| {
                let set = Dataset::default().name(*name).marker(*marker).graph_type(GraphType::Line);
                set.style(Style::new().fg(*colour)).data(curve)
            })
            .collect();
        let line = Dataset::default().name("floor").marker(Marker::Braille).graph_type(GraphType::Line);
        sets.push(line.style(Style::new().fg(Color::DarkGray)).data(&floor));
        let mark = Dataset::default().name("argmin").marker(Marker::Block).graph_type(GraphType::Scatter);
        sets.push(mark.style(Style::new().fg(Color::Yellow)).data(&marks));
        let step = |place: f64| if self.logarithmic { 10f64.powf(place) - 1.0 } else { place };
        let ticks = [left, (left + right) / 2.0, right].map(|place| format!("{:.0}", step(place)));
        let heights = [low, (low + high) / 2.0, high].map(|y| fixed(y, 4));
        // Above, for the name of an axis lies upon the curve that ends there: KL's, and its mark.
        let over = if self.logarithmic { "step (logarithmic)" } else { "step" };
        let chart = Chart::new(sets)
            .block(Block::bordered().title(format!("{unit} per observation, over the {over}")))
            .x_axis(Axis::default().bounds([left, right]).labels(ticks))
            .y_axis(Axis::default().bounds([low, high]).labels(heights));
        frame.render_widget(chart, body);
        let keys = "q stop, with a checkpoint to resume from   s save a checkpoint   l logarithmic or linear steps";
        frame.render_widget(Paragraph::new(vec![Line::from(keys), Line::from(self.note)]), foot);
    }
}

impl View {
    /// In a window that has no room for curves: the numbers, a line each.
    fn draw_small(&self, frame: &mut Frame<'_>) {
        let unit = self.unit;
        let said = self.history.rows().last().map_or(vec!["no step yet".into()], |row| {
            let amount = |name: &str, value: f64| format!("{name} {}", fixed(value / unit.nats(), 4));
            vec![
                format!("step {} of {}", row.step, self.steps),
                amount("KL", row.kl),
                format!("{} {unit}", amount("H(p̂,q)", row.cross_entropy)),
                amount("NLL", row.nll),
                format!("curves from {}×{} on", LEAST.0, LEAST.1),
                "q stop, s save".into(),
                self.note.into(),
            ]
        });
        frame.render_widget(Paragraph::new(said.into_iter().map(Line::from).collect::<Vec<_>>()), frame.area());
    }
}

mod terminal {
    use std::fmt;
    use std::io::{self, IsTerminal, Stderr, stderr};
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::time::{Duration, Instant};

    use candle_mle::hook::Row;
    use candle_mle::hook::sink::Sink;
    use candle_mle::info::Unit;
    use candle_mle::{Error, History, Result};
    use ratatui::Terminal;
    use ratatui::backend::CrosstermBackend;
    use ratatui::crossterm::cursor::Show;
    use ratatui::crossterm::event::{Event, KeyCode, KeyModifiers, poll, read};
    use ratatui::crossterm::execute;
    use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};

    use super::View;

    /// How long a picture stands: the eye sees no more. And how many times as long as it took to draw: the fit goes on meanwhile.
    const STANDS: Duration = Duration::from_millis(100);
    const TIMES: u32 = 60;

    /// Whether the terminal shows a view.
    static SHOWN: AtomicBool = AtomicBool::new(false);

    /// Gives the terminal back as it was, if a view has it.
    pub(crate) fn leave() {
        if SHOWN.swap(false, Relaxed) {
            // There is nobody left to tell that a terminal stays as it is.
            let _ = disable_raw_mode();
            let _ = execute!(stderr(), LeaveAlternateScreen, Show);
        }
    }

    /// A sink that draws on the terminal of standard error, and listens to its keys.
    pub(crate) struct Live {
        view: View,
        terminal: Terminal<CrosstermBackend<Stderr>>,
        drawn: Instant,
        /// Until then.
        stands: Duration,
        /// What q and s set.
        stop: &'static AtomicBool,
        save: &'static AtomicBool,
    }

    impl fmt::Debug for Live {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Live").field("view", &self.view).finish_non_exhaustive()
        }
    }

    fn refuse(problem: io::Error) -> Error {
        Error::File { action: "draw on", path: "the terminal".into(), problem }
    }

    impl Live {
        /// For a fit of at most so many steps.
        ///
        /// # Errors
        /// Standard error that is no terminal.
        pub fn new(unit: Unit, steps: usize, stop: &'static AtomicBool, save: &'static AtomicBool) -> Result<Self> {
            if !stderr().is_terminal() {
                return Err(refuse(io::Error::other("standard error is none; leave --live out, or take --log")));
            }
            SHOWN.store(true, Relaxed);
            let other = std::panic::take_hook();
            // What a panic says is to be read, and not on a screen that goes.
            std::panic::set_hook(Box::new(move |panic| {
                leave();
                other(panic);
            }));
            let entered = enable_raw_mode().and_then(|()| execute!(stderr(), EnterAlternateScreen));
            entered.inspect_err(|_| leave()).map_err(refuse)?;
            let terminal = Terminal::new(CrosstermBackend::new(stderr())).map_err(refuse)?;
            Ok(Self { view: View::new(unit, steps), terminal, drawn: Instant::now(), stands: STANDS, stop, save })
        }

        fn show(&mut self) -> Result<()> {
            let begun = Instant::now();
            self.terminal.draw(|frame| self.view.draw(frame)).map_err(refuse)?;
            self.drawn = Instant::now();
            self.stands = STANDS.max((self.drawn - begun) * TIMES);
            while poll(Duration::ZERO).map_err(refuse)? {
                let Event::Key(key) = read().map_err(refuse)? else { continue };
                match key.code {
                    // In raw mode it is a key, and no signal.
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                        self.stop.store(true, Relaxed);
                    }
                    KeyCode::Char('q') | KeyCode::Esc => self.stop.store(true, Relaxed),
                    KeyCode::Char('s') => {
                        self.save.store(true, Relaxed);
                        self.view.note = "a checkpoint is saved";
                    }
                    KeyCode::Char('l') => self.view.logarithmic = !self.view.logarithmic,
                    _ => {}
                }
            }
            Ok(())
        }
    }

    impl Sink for Live {
        fn begin(&mut self, history: &History) -> Result<()> {
            self.view.history = history.clone();
            self.show()
        }

        fn row(&mut self, row: &Row) -> Result<()> {
            self.view.history.push(*row);
            if self.drawn.elapsed() < self.stands { Ok(()) } else { self.show() }
        }
    }

    impl Drop for Live {
        fn drop(&mut self) {
            leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Result, ensure};
    use candle_mle::History;
    use candle_mle::hook::Row;
    use candle_mle::info::{Information, Unit};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::style::Color;

    use super::View;

    fn history(steps: usize) -> History {
        let row = |step: usize| {
            let kl = 0.5 * 0.9f64.powi(step as i32);
            let cross_entropy = 0.25 + kl;
            Row { step, kl, cross_entropy, nll: 100.0 * cross_entropy, reverse_kl: None, population_kl: None }
        };
        History::from_rows((0..steps).map(row), 100.0, Some(Information::from_nats(0.25)))
    }

    /// The text on the screen, and where there is some of which colour.
    type Screen = (String, Vec<(Color, u16, u16)>);

    fn screen(view: &View) -> Result<Screen> {
        let mut terminal = Terminal::new(TestBackend::new(110, 30))?;
        terminal.draw(|frame| view.draw(frame))?;
        let buffer = terminal.backend().buffer();
        let (mut text, mut inked) = (String::new(), vec![]);
        for y in 0..30 {
            for x in 0..110 {
                let cell = &buffer[(x, y)];
                text += cell.symbol();
                if cell.symbol() != " " {
                    inked.push((cell.fg, x, y));
                }
            }
            text.push('\n');
        }
        Ok((text, inked))
    }

    #[test]
    fn the_curves_the_floor_and_the_argmin_are_to_be_seen() -> Result<()> {
        let view = View { history: history(400), ..View::new(Unit::Nats, 400) };
        let (text, inked) = screen(&view)?;
        for said in [
            "step 399 of 400   KL 0.000000   cross-entropy 0.250000 nats per observation   NLL 25.00 nats",
            "least so far: KL step 191, cross-entropy step 191, NLL step 191",
            "step (logarithmic)",
            "q stop, with a checkpoint to resume from   s save a checkpoint",
        ] {
            ensure!(text.contains(said), "{said}\n{text}");
        }
        // The upper curve, the lower one, the line between, two marks at one place from the left.
        let rows =
            |colour: Color| inked.iter().filter(|(of, ..)| *of == colour).map(|(_, x, y)| (*x, *y)).collect::<Vec<_>>();
        for colour in [Color::White, Color::Red, Color::Yellow] {
            ensure!(!rows(colour).is_empty(), "{colour}\n{text}");
        }
        let marks: Vec<_> = rows(Color::Yellow).into_iter().filter(|(_, y)| *y > 5).collect();
        ensure!(marks.iter().all(|(x, _)| *x == marks[0].0) && marks.len() >= 2, "{marks:?}\n{text}");
        Ok(())
    }

    #[test]
    fn a_long_fit_is_drawn_by_few_points_and_one_without_a_step_is_no_panic() -> Result<()> {
        let view = View { history: history(50_000), logarithmic: false, ..View::new(Unit::Bits, 50_000) };
        ensure!(view.curve(|row| row.kl).len() <= 520);
        ensure!(!screen(&view)?.0.contains("logarithmic)"));
        let (text, _) = screen(&View::new(Unit::Bits, 10))?;
        ensure!(text.contains("no step yet"), "{text}");
        Ok(())
    }

    #[test]
    fn a_window_of_any_size_says_the_numbers_or_nothing_and_is_no_panic() -> Result<()> {
        let view = View { history: history(400), ..View::new(Unit::Nats, 400) };
        for (width, height) in [(1, 1), (3, 2), (20, 6), (59, 40), (60, 13), (60, 14), (400, 3)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height))?;
            terminal.draw(|frame| view.draw(frame))?;
            let buffer = terminal.backend().buffer();
            let text: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
            ensure!(text.contains("step 399") || width < 20, "{width}×{height}: {text}");
            ensure!(text.contains("logarithmic") == (width >= 60 && height >= 14), "{width}×{height}: {text}");
        }
        Ok(())
    }
}
