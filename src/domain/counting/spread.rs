//! How values are spread (Dutch: spreiding): medians and percentiles from counts that can be added up and taken back.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hdrhistogram::Histogram;

/// Two significant digits: up to 255 days a value is exact, above it is at most 0.8 % too low.
const DIGITS: u8 = 2;
/// A hundred years, in days.
const LONGEST: u64 = 36_525;

static SCALE: LazyLock<Option<Histogram<u64>>> = LazyLock::new(empty);

fn empty() -> Option<Histogram<u64>> {
    Histogram::new_with_bounds(1, LONGEST, DIGITS).ok()
}

/// What is kept of a number of days: its place on the scale.
pub fn place(days: u32) -> u32 {
    let days = u64::from(days).min(LONGEST);
    let lowest = SCALE
        .as_ref()
        .map_or(days, |scale| scale.lowest_equivalent(days));
    u32::try_from(lowest).unwrap_or(u32::MAX)
}

/// Numbers of days, added up.
pub struct Spread(Option<Histogram<u64>>);

impl Spread {
    /// Of how often each place on the scale was taken.
    pub fn of(days: &BTreeMap<u32, i64>) -> Self {
        let mut histogram = empty();
        for (place, times) in days {
            if let Some(histogram) = &mut histogram {
                let times = u64::try_from(*times).unwrap_or(0);
                histogram.saturating_record_n(u64::from(*place), times);
            }
        }
        Self(histogram)
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// The least number of days that so many percent of all took no more than; none when there are none.
    pub fn percentile(&self, percent: f64) -> Option<u32> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        let value = histogram.value_at_percentile(percent);
        u32::try_from(histogram.lowest_equivalent(value)).ok()
    }
}
