//! Why a chart has no line, in words.

use chrono::{DateTime, TimeDelta, Utc};
use wire::metrics::Metric;
use wire::service::Service;
use wire::status::ServiceState;

use crate::chart::board::{Span, seconds};
use crate::pages::service::nothing::TO_COME;

/// Seconds within which a service that was just created has its first points.
const FIRST: i64 = 60;

/// What is known where no point is.
pub struct Case<'a> {
    /// What was not measured.
    pub metric: Metric,
    /// Of which service.
    pub service: &'a Service,
    /// How it stands.
    pub state: Option<ServiceState>,
    /// What is shown.
    pub span: Span,
    /// When it is looked at.
    pub now: DateTime<Utc>,
}

/// Why there is no point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Only what comes through a domain can be measured.
    NeedsDomain(&'static str),
    /// Anything else.
    Other(&'static str),
}

/// Why there is no point.
pub fn reason(case: &Case<'_>) -> Reason {
    let now = seconds(case.now);
    if case.metric.needs_domain() && case.service.domains.is_empty() {
        return Reason::NeedsDomain(match case.metric {
            Metric::ErrorRate => "Errors are counted at a domain. This service has none.",
            Metric::LatencyP95 => "Latency is measured at a domain. This service has none.",
            _ => "Requests are counted at a domain. This service has none.",
        });
    }
    if case.span.0 >= now {
        return Reason::Other(TO_COME);
    }
    let created = case.service.created;
    let first = created.map(|created| created + TimeDelta::seconds(FIRST));
    // What it is now says nothing of a window that was over before.
    let is_live = case.span.1 >= now - FIRST as f64;
    Reason::Other(match case.state {
        _ if created.is_some_and(|created| seconds(created) >= case.span.1) => {
            "It did not exist yet in this window."
        }
        Some(ServiceState::Undeployed) => {
            "It was never deployed: nothing runs that could be measured."
        }
        Some(ServiceState::Paused) if is_live => {
            "It is paused: nothing runs that could be measured."
        }
        _ if is_live && first.is_some_and(|first| first > case.now) => {
            "It was just created. The first points come within seconds."
        }
        _ if case.metric == Metric::LatencyP95 => "No request was answered in this window.",
        _ => "Nothing was measured in this window.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_776_871_800, 0).unwrap()
    }

    fn words(metric: Metric, state: ServiceState, age: i64, from: f64) -> Reason {
        let service = Service {
            created: Some(now() - TimeDelta::seconds(age)),
            domains: vec!["shop.localhost".into()],
            ..Service::default()
        };
        let at = seconds(now());
        reason(&Case {
            metric,
            service: &service,
            state: Some(state),
            span: (at + from, at + from + 3_600.0),
            now: now(),
        })
    }

    #[test]
    fn a_service_without_a_domain_needs_one_for_what_comes_through_it() {
        let service = Service::default();
        let at = seconds(now());
        let of = |metric| {
            reason(&Case {
                metric,
                service: &service,
                state: None,
                span: (at - 60.0, at),
                now: now(),
            })
        };
        assert!(matches!(of(Metric::RequestRate), Reason::NeedsDomain(_)));
        assert!(matches!(of(Metric::CpuUsage), Reason::Other(_)));
    }

    #[test]
    fn the_nearest_reason_is_told() {
        let running = ServiceState::Running;
        let told = |reason| match reason {
            Reason::Other(words) | Reason::NeedsDomain(words) => words,
        };
        let cpu = |state, age, from| told(words(Metric::CpuUsage, state, age, from));
        assert!(cpu(running, 9_999, 60.0).contains("still to come"));
        assert!(cpu(running, 5, -3_600.0).contains("just created"));
        assert!(cpu(ServiceState::Paused, 9_999, -3_600.0).contains("paused"));
        assert!(cpu(ServiceState::Paused, 5, -3_600.0).contains("paused"));
        assert!(cpu(ServiceState::Undeployed, 5, -3_600.0).contains("never deployed"));
        assert!(cpu(running, 9_999, -3_600.0).contains("Nothing was measured"));
        assert!(cpu(running, 9_999, -20_000.0).contains("did not exist"));
        assert!(told(words(Metric::LatencyP95, running, 9_999, -3_600.0)).contains("No request"));
    }
}
