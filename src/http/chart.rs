//! A chart of what was observed, as SVG: black on white, each series by its own mark and dash, so that it reads without
//! colours and in print.

use chrono::{Datelike, NaiveDate};
use plotters::coord::Shift;
use plotters::element::{
    Circle, Cross, DashedPathElement, IntoDynElement, PathElement, TriangleMarker,
};
use plotters::prelude::{
    BLACK, ChartBuilder, DrawingArea, IntoDrawingArea, SVGBackend, Text, WHITE,
};
use plotters::series::{DashedLineSeries, LineSeries, PointSeries};
use plotters::style::{Color, IntoFont, ShapeStyle};

use crate::domain::actor::Language;
use crate::mail::text::escape;

/// Width and height, in pixels.
const SIZE: (u32, u32) = (760, 420);
/// Most series that can be told apart.
pub const MOST_SERIES: usize = 12;

/// Values of somebody, the earliest first.
#[derive(Debug, Clone)]
pub struct Series {
    pub label: String,
    pub points: Vec<(NaiveDate, f64)>,
}

/// What is drawn.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    pub title: &'a str,
    /// What the picture shows, for who does not see it.
    pub description: &'a str,
    pub unit: &'a str,
    pub series: Vec<Series>,
    /// A line across, with what it says.
    pub target: Option<(f64, &'a str)>,
}

/// A number as people write it, with as many decimals as it has, three at the most.
pub fn number(value: f64, language: Language) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match language {
        Language::Nl => text.replace('.', ","),
        Language::En => text.to_owned(),
    }
}

/// The chart as SVG.
///
/// # Errors
/// When it cannot be drawn.
pub fn svg(chart: &Chart<'_>, language: Language) -> Result<String, String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        draw(&area, chart, language).map_err(|e| e.to_string())?;
    }
    // For who does not see the picture: its name and what it shows.
    let head = format!(
        "<title>{}</title>\n<desc>{}</desc>\n",
        escape(chart.title),
        escape(chart.description)
    );
    let opened = text.find('>').map_or(0, |at| at + 1);
    text.insert_str(opened, &format!("\n{head}"));
    Ok(text.replacen("<svg ", "<svg role=\"img\" ", 1))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Fault = Box<dyn std::error::Error>;

const MARKS: usize = 4;
/// Height of a row of the legend, and how many stand in one.
const LEGEND_ROW: u32 = 22;
const LEGEND_COLUMNS: usize = 3;

fn thin() -> ShapeStyle {
    BLACK.stroke_width(1)
}

fn target_style() -> ShapeStyle {
    BLACK.stroke_width(2)
}

/// Draws a series by its mark: a disc, a triangle, a cross or a ring.
macro_rules! draw_marks {
    ($on:expr, $at:expr, $points:expr) => {
        match $at % MARKS {
            0 => $on(PointSeries::of_element(
                $points,
                4,
                BLACK.filled(),
                &|at, size, style| Circle::new(at, size, style).into_dyn(),
            )),
            1 => $on(PointSeries::of_element(
                $points,
                5,
                BLACK.filled(),
                &|at, size, style| TriangleMarker::new(at, size, style).into_dyn(),
            )),
            2 => $on(PointSeries::of_element(
                $points,
                4,
                target_style(),
                &|at, size, style| Cross::new(at, size, style).into_dyn(),
            )),
            _ => $on(PointSeries::of_element(
                $points,
                4,
                thin(),
                &|at, size, style| Circle::new(at, size, style).into_dyn(),
            )),
        }
    };
}

fn draw(area: &Area<'_>, chart: &Chart<'_>, language: Language) -> Result<(), Fault> {
    area.fill(&WHITE)?;
    let days: Vec<i32> = chart
        .series
        .iter()
        .flat_map(|one| one.points.iter().map(|(day, _)| day.num_days_from_ce()))
        .collect();
    let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) else {
        let nothing = language.pick("Nog geen waarnemingen", "No observations yet");
        area.draw(&Text::new(
            nothing,
            (40, 40),
            ("sans-serif", 16).into_font(),
        ))?;
        return Ok(());
    };
    let values = chart
        .series
        .iter()
        .flat_map(|one| one.points.iter().map(|(_, value)| *value))
        .chain(chart.target.map(|(value, _)| value));
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        low = low.min(value);
        high = high.max(value);
    }
    let room = ((high - low) * 0.08).max(high.abs() * 0.02).max(0.5);
    let margin = ((last - first) / 20).max(10);
    let (from, to) = (first - margin, last + margin);
    let drawn = &chart.series[..chart.series.len().min(MOST_SERIES)];
    let entries = drawn.len() + usize::from(chart.target.is_some());
    let rows = u32::try_from(entries.div_ceil(LEGEND_COLUMNS)).unwrap_or(1);
    let (above, below) = area.split_vertically(SIZE.1 - rows * LEGEND_ROW - 8);
    let mut plot = ChartBuilder::on(&above)
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(64)
        .build_cartesian_2d(from..to, low - room..high + room)?;
    let day = |day: &i32| {
        NaiveDate::from_num_days_from_ce_opt(*day)
            .map(|day| day.format("%m-%Y").to_string())
            .unwrap_or_default()
    };
    plot.configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(BLACK.mix(0.15))
        .x_labels(8)
        .x_label_formatter(&day)
        .y_label_formatter(&|value| number(*value, language))
        .y_desc(chart.unit)
        .label_style(("sans-serif", 13))
        .draw()?;
    if let Some((value, _)) = chart.target {
        let line = [(from, value), (to, value)];
        plot.draw_series(DashedLineSeries::new(line, 2, 4, target_style()))?;
    }
    for (at, one) in drawn.iter().enumerate() {
        let points: Vec<(i32, f64)> = one
            .points
            .iter()
            .map(|(day, value)| (day.num_days_from_ce(), *value))
            .collect();
        match at / MARKS {
            0 => plot.draw_series(LineSeries::new(points.clone(), thin()))?,
            1 => plot.draw_series(DashedLineSeries::new(points.clone(), 8, 4, thin()))?,
            _ => plot.draw_series(DashedLineSeries::new(points.clone(), 3, 4, thin()))?,
        };
        draw_marks!(|marks| plot.draw_series(marks).map(drop), at, points)?;
    }
    legend(&below, chart, drawn)?;
    area.present()?;
    Ok(())
}

/// Below the plot, so that it hides nothing.
fn legend(area: &Area<'_>, chart: &Chart<'_>, drawn: &[Series]) -> Result<(), Fault> {
    let column = i32::try_from(SIZE.0 - 76)? / i32::try_from(LEGEND_COLUMNS)?;
    let spot = |entry: usize| -> Result<(i32, i32), Fault> {
        let (row, place) = (entry / LEGEND_COLUMNS, entry % LEGEND_COLUMNS);
        let x = 76 + i32::try_from(place)? * column;
        let y = i32::try_from(row)? * i32::try_from(LEGEND_ROW)? + 10;
        Ok((x, y))
    };
    let says = |text: &str, (x, y): (i32, i32)| {
        Text::new(
            text.to_owned(),
            (x + 28, y - 6),
            ("sans-serif", 13).into_font(),
        )
    };
    for (at, one) in drawn.iter().enumerate() {
        let (x, y) = spot(at)?;
        let line = vec![(x, y), (x + 20, y)];
        match at / MARKS {
            0 => area.draw(&PathElement::new(line, thin()))?,
            1 => area.draw(&DashedPathElement::new(line, 8, 4, thin()))?,
            _ => area.draw(&DashedPathElement::new(line, 3, 4, thin()))?,
        }
        let place = (x + 10, y);
        draw_marks!(
            |marks: PointSeries<_, _, _, _>| marks
                .into_iter()
                .try_for_each(|mark| area.draw(&mark)),
            at,
            [place]
        )?;
        area.draw(&says(&one.label, (x, y)))?;
    }
    if let Some((_, words)) = chart.target {
        let (x, y) = spot(drawn.len())?;
        area.draw(&DashedPathElement::new(
            vec![(x, y), (x + 20, y)],
            2,
            4,
            target_style(),
        ))?;
        area.draw(&says(words, (x, y)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_its_marks_its_words_and_no_colours() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let series = ["Gemeente Sluis", "Gemeente <b>Hulst</b>", "Allen"].map(|label| Series {
            label: label.into(),
            points: vec![(day("2027-10-01"), 42.5), (day("2028-10-01"), 45.0)],
        });
        let chart = Chart {
            title: "Leerlingen & leraren",
            description: "Waarnemingen per deelnemer.",
            unit: "leerlingen",
            series: series.into(),
            target: Some((50.0, "Streefwaarde")),
        };
        let drawn = svg(&chart, Language::Nl).unwrap();
        assert!(drawn.contains("<title>Leerlingen &amp; leraren</title>"));
        for words in [
            "Gemeente Sluis",
            "Streefwaarde",
            "leerlingen",
            "&lt;b&gt;Hulst",
        ] {
            assert!(drawn.contains(words), "{words}: {drawn}");
        }
        // Every colour is a shade of black.
        for colour in drawn.split('"').filter(|text| text.starts_with('#')) {
            let shade = &colour[1..3];
            assert_eq!(colour, format!("#{shade}{shade}{shade}"), "{colour}");
        }
        let empty = Chart {
            series: Vec::new(),
            ..chart
        };
        assert!(
            svg(&empty, Language::En)
                .unwrap()
                .contains("No observations yet")
        );
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(number(42.5, Language::Nl), "42,5");
        assert_eq!(number(42.0, Language::En), "42");
        assert_eq!(number(-0.125, Language::Nl), "-0,125");
    }
}
