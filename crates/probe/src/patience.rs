//! How often is looked, and what a look that fails means.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the first answer is waited for in one start, and the pause between looks.
const WAITS: Duration = Duration::from_secs(5);
const WAIT_PAUSE: Duration = Duration::from_millis(250);

/// How long a start stays with a service that is well, and the pause between looks.
const STAYS: Duration = Duration::from_secs(30);
const STAY_PAUSE: Duration = Duration::from_secs(10);

/// Looks in a row that may fail, and the pause after one that did: one bad moment is no bad state.
const MAX_FAILURES: u32 = 3;
const RECOVERY: Duration = Duration::from_secs(2);

type Looked = Result<(), String>;

/// Waits for the first look that succeeds.
pub(crate) fn wait(look: impl FnMut() -> Looked) -> Looked {
    wait_within(look, WAITS, WAIT_PAUSE)
}

fn wait_within(mut look: impl FnMut() -> Looked, within: Duration, pause: Duration) -> Looked {
    let begin = Instant::now();
    loop {
        match look() {
            Err(_) if begin.elapsed() < within => sleep(pause),
            looked => return looked,
        }
    }
}

/// Stays for as long as the service is well, but not for ever.
pub(crate) fn stay(look: impl FnMut() -> Looked) -> Looked {
    stay_within(look, STAYS, [STAY_PAUSE, RECOVERY])
}

fn stay_within(
    mut look: impl FnMut() -> Looked,
    within: Duration,
    [pause, recovery]: [Duration; 2],
) -> Looked {
    let begin = Instant::now();
    let mut failures = 0;
    loop {
        match look() {
            Ok(()) if begin.elapsed() + pause > within => return Ok(()),
            Ok(()) => {
                failures = 0;
                sleep(pause);
            }
            Err(why) => {
                failures += 1;
                if failures == MAX_FAILURES {
                    return Err(why);
                }
                sleep(recovery);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;
    const EVER: Duration = Duration::from_secs(3600);

    /// Looks that end as told, one after the other, and how many were made.
    fn looks(
        outcomes: &'static [bool],
    ) -> (impl FnMut() -> Looked, std::rc::Rc<std::cell::Cell<usize>>) {
        let made = std::rc::Rc::new(std::cell::Cell::new(0));
        let count = made.clone();
        let look = move || {
            let outcome = outcomes[made.get().min(outcomes.len() - 1)];
            made.set(made.get() + 1);
            outcome
                .then_some(())
                .ok_or_else(|| "it did not answer".to_owned())
        };
        (look, count)
    }

    #[test]
    fn the_first_answer_is_waited_for() {
        let (look, made) = looks(&[false, false, true]);
        assert_eq!(wait_within(look, EVER, NOW), Ok(()));
        assert_eq!(made.get(), 3);
        let (look, made) = looks(&[false]);
        assert!(wait_within(look, NOW, NOW).is_err());
        assert_eq!(made.get(), 1);
    }

    #[test]
    fn one_bad_moment_is_forgiven_and_a_bad_state_is_not() {
        let (look, made) = looks(&[true, false, false, true, false, false, false]);
        assert!(stay_within(look, EVER, [NOW, NOW]).is_err());
        assert_eq!(made.get(), 7);
    }

    #[test]
    fn a_service_that_is_well_is_left_after_a_while() {
        let (look, made) = looks(&[true]);
        assert_eq!(
            stay_within(look, NOW, [Duration::from_secs(1), NOW]),
            Ok(())
        );
        assert_eq!(made.get(), 1);
    }
}
