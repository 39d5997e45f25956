//! What the service counts, for whoever watches it: the text is made by `http::metrics`, the meaning of each is in
//! docs/operations.md. Labels come from closed lists, never from what somebody sent, so that their number stays small.

use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus::core::Collector;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

/// Media type of the text.
pub const MEDIA: &str = prometheus::TEXT_FORMAT;

/// Bounds of the buckets of answers, in seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// How a try to deliver a mail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mail {
    Sent,
    Deferred,
    GivenUp,
}

/// How somebody or something tried to get a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    Password,
    Refresh,
    Client,
}

/// The counters of one service.
pub struct Metrics {
    registry: Registry,
    started: IntGauge,
    requests: IntCounterVec,
    seconds: HistogramVec,
    pub in_flight: IntGauge,
    mails: IntCounterVec,
    transitions: IntCounterVec,
    sign_ins: IntCounterVec,
    refused_tokens: IntCounterVec,
    pub lost_audit_lines: IntCounter,
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let made = Self {
            started: gauge(
                "process_start_time_seconds",
                "When the process started, in seconds since 1970",
            ),
            requests: counters(
                "meldpunt_http_requests_total",
                "Requests answered",
                &["route", "method", "status"],
            ),
            seconds: fixed(HistogramVec::new(
                HistogramOpts::new(
                    "meldpunt_http_request_duration_seconds",
                    "Time until the answer began",
                )
                .buckets(SECONDS.to_vec()),
                &["route", "method"],
            )),
            in_flight: gauge("meldpunt_http_requests_in_flight", "Requests under way"),
            mails: counters(
                "meldpunt_mails_total",
                "Tries to deliver a mail, by how they ended",
                &["result"],
            ),
            transitions: counters(
                "meldpunt_transitions_total",
                "Transitions of reports",
                &["action"],
            ),
            sign_ins: counters(
                "meldpunt_sign_ins_total",
                "Tries to get a token",
                &["kind", "result"],
            ),
            refused_tokens: counters(
                "meldpunt_refused_tokens_total",
                "Requests with a token that is not accepted",
                &["code"],
            ),
            lost_audit_lines: fixed(IntCounter::new(
                "meldpunt_lost_audit_lines_total",
                "Lines of the audit log that could not be written",
            )),
            registry,
        };
        made.register(&made.started);
        made.register(&made.requests);
        made.register(&made.seconds);
        made.register(&made.in_flight);
        made.register(&made.mails);
        made.register(&made.transitions);
        made.register(&made.sign_ins);
        made.register(&made.refused_tokens);
        made.register(&made.lost_audit_lines);
        // What has not happened yet stands there as 0, so that its first time is seen as a rise.
        for result in ["sent", "deferred", "given_up"] {
            made.mails.with_label_values(&[result]);
        }
        for kind in ["password", "refresh", "client"] {
            for result in ["granted", "refused"] {
                made.sign_ins.with_label_values(&[kind, result]);
            }
        }
        made
    }
}

impl Metrics {
    fn register(&self, family: &(impl Collector + Clone + 'static)) {
        fixed(self.registry.register(Box::new(family.clone())));
    }

    /// When the process started.
    pub fn started(&self, at: DateTime<Utc>) {
        self.started.set(at.timestamp());
    }

    /// A request was answered. `route` is a pattern.
    pub fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
        let status = status.to_string();
        self.requests
            .with_label_values(&[route, method, &status])
            .inc();
        self.seconds
            .with_label_values(&[route, method])
            .observe(took.as_secs_f64());
    }

    pub fn mail(&self, mail: Mail) {
        let result = match mail {
            Mail::Sent => "sent",
            Mail::Deferred => "deferred",
            Mail::GivenUp => "given_up",
        };
        self.mails.with_label_values(&[result]).inc();
    }

    /// A report was moved, once that was kept.
    pub fn transition(&self, action: &str) {
        self.transitions.with_label_values(&[action]).inc();
    }

    pub fn sign_in(&self, kind: SignIn, granted: bool) {
        let kind = match kind {
            SignIn::Password => "password",
            SignIn::Refresh => "refresh",
            SignIn::Client => "client",
        };
        let result = if granted { "granted" } else { "refused" };
        self.sign_ins.with_label_values(&[kind, result]).inc();
    }

    /// `code` is that of the problem.
    pub fn refused_token(&self, code: &'static str) {
        self.refused_tokens.with_label_values(&[code]).inc();
    }

    /// All of it as text, with what was looked up for the occasion.
    ///
    /// # Errors
    /// When two families share a name.
    pub fn text(&self, looked_up: &Snapshot) -> Result<Vec<u8>, String> {
        let mut text = Vec::new();
        let encoder = TextEncoder::new();
        for registry in [&self.registry, &looked_up.registry] {
            encoder
                .encode(&registry.gather(), &mut text)
                .map_err(|e| e.to_string())?;
        }
        text.extend_from_slice(looked_up.histograms.as_bytes());
        Ok(text)
    }
}

/// Figures that are looked up when they are asked for.
#[derive(Default)]
pub struct Snapshot {
    registry: Registry,
    histograms: String,
}

impl Snapshot {
    /// A figure that goes up and down.
    pub fn gauge(&self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        let opts = labels
            .iter()
            .fold(Opts::new(name, help), |opts, (name, value)| {
                opts.const_label(*name, *value)
            });
        let gauge = fixed(prometheus::Gauge::with_opts(opts));
        gauge.set(value);
        fixed(self.registry.register(Box::new(gauge)));
    }

    /// A figure that only goes up.
    pub fn counter(&self, name: &str, help: &str, value: f64) {
        let counter = fixed(prometheus::Counter::new(name, help));
        counter.inc_by(value);
        fixed(self.registry.register(Box::new(counter)));
    }

    /// Counts that were kept elsewhere: of each bucket alone, by its upper bound.
    pub fn histogram(&mut self, name: &str, help: &str, buckets: &[(usize, u64)], sum: u64) {
        use std::fmt::Write;
        let text = &mut self.histograms;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} histogram");
        let mut so_far = 0;
        for (bound, count) in buckets {
            so_far += count;
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {so_far}");
        }
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {so_far}");
        let _ = writeln!(text, "{name}_sum {sum}\n{name}_count {so_far}");
    }
}

/// Memory that the process holds; none where the system does not say it in Linux's way.
pub fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    fixed(IntCounterVec::new(Opts::new(name, help), labels))
}

fn gauge(name: &str, help: &str) -> IntGauge {
    fixed(IntGauge::new(name, help))
}

/// Names and labels are fixed in the code, and every test that starts a service makes them all.
fn fixed<T>(made: prometheus::Result<T>) -> T {
    made.unwrap_or_else(|fault| panic!("a metric that cannot be: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_stands_in_the_text() {
        let metrics = Metrics::default();
        metrics.answered("/v1/reports/{id}", "GET", 200, Duration::from_millis(3));
        metrics.sign_in(SignIn::Password, false);
        metrics.transition("accept");
        let mut looked_up = Snapshot::default();
        looked_up.histogram("meldpunt_changes", "Changes", &[(1, 2), (2, 0), (4, 3)], 11);
        looked_up.gauge(
            "meldpunt_outbox_notices",
            "Notices",
            &[("state", "dead")],
            2.0,
        );
        looked_up.gauge(
            "meldpunt_outbox_notices",
            "Notices",
            &[("state", "queued")],
            0.0,
        );
        let text = String::from_utf8(metrics.text(&looked_up).unwrap()).unwrap();
        for line in [
            r#"meldpunt_http_requests_total{method="GET",route="/v1/reports/{id}",status="200"} 1"#,
            r#"meldpunt_http_request_duration_seconds_bucket{method="GET",route="/v1/reports/{id}",le="0.005"} 1"#,
            r#"meldpunt_sign_ins_total{kind="password",result="refused"} 1"#,
            r#"meldpunt_mails_total{result="given_up"} 0"#,
            r#"meldpunt_transitions_total{action="accept"} 1"#,
            r#"meldpunt_outbox_notices{state="dead"} 2"#,
            r#"meldpunt_changes_bucket{le="2"} 2"#,
            r#"meldpunt_changes_bucket{le="+Inf"} 5"#,
            "meldpunt_changes_count 5",
            "meldpunt_changes_sum 11",
        ] {
            assert!(
                text.lines().any(|one| one == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
