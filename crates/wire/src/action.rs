//! What can be done with a service in its state: one table, with reasons. The platform enforces it
//! and the console disables the button with the reason.

use crate::service::Service;
use crate::status::ServiceState;

/// Something that is done to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make a release of the description and roll it out.
    Deploy,
    /// Replace every instance, one at a time.
    Restart,
    /// Change how many instances run.
    Scale,
    /// Scale to 0.
    Pause,
    /// Change the description.
    Edit,
    /// Remove it with all it holds.
    Delete,
}

impl Action {
    /// Every action.
    pub const ALL: &'static [Self] = &[
        Self::Deploy,
        Self::Restart,
        Self::Scale,
        Self::Pause,
        Self::Edit,
        Self::Delete,
    ];
}

/// Why something can't be done now, and what to do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(&'static str);

impl Reason {
    /// A second person looks at it.
    pub const OWN_DEPLOYMENT: Self =
        Self("You asked for this deployment. Let another admin approve it.");
    /// There is nothing to approve.
    pub const NEEDS_NO_APPROVAL: Self =
        Self("This deployment does not wait for an approval: look at its state.");
    /// Nobody takes their own roles away by mistake.
    pub const OWN_ROLES: Self = Self("These are your own roles. Let another admin change them.");
    /// What is above an org is not for its admins to give away.
    pub const ABOVE_THE_ORG: Self = Self(
        "This person also has a role outside this org. Let an admin of the whole platform do it.",
    );
    /// There is nothing to run.
    pub const NO_IMAGE: Self = Self("It has no image yet. Give it an image or a repository first.");
    /// There is nothing built to run.
    pub const NO_BUILT_IMAGE: Self = Self(
        "It has no built image yet. Build one first; a build that failed says why in its log.",
    );
    /// What was built is no image of the description any more.
    pub const OTHER_SOURCE: Self =
        Self("Its service was described to come from elsewhere meanwhile. Build it again.");
    /// A deployment that is over can't be cancelled.
    pub const DEPLOYMENT_ENDED: Self = Self("This deployment has ended already.");
    /// A build that is over can't be cancelled.
    pub const BUILD_ENDED: Self = Self("This build has ended already.");
    /// There is nothing to go back to.
    pub const NOTHING_HEALTHY: Self =
        Self("No other release was ever healthy, so there is none to go back to.");
    /// There is nothing to carry over.
    pub const NOTHING_TO_PROMOTE: Self =
        Self("The source environment runs no release of this service yet. Deploy it there first.");
    /// There is nowhere to carry it.
    pub const NOWHERE_TO_PROMOTE: Self =
        Self("The other environment has no service of this name yet. Create it there first.");
    /// A fetched image can't be cancelled by itself.
    pub const FETCHED_BY_ROLLOUT: Self =
        Self("This image is fetched by a deployment. Cancel the deployment.");

    /// The sentence for people.
    pub fn words(self) -> &'static str {
        self.0
    }
}

const NEVER_DEPLOYED: Reason = Reason("It was never deployed. Deploy it first.");
const PAUSED: Reason = Reason("It is paused. Scale it up first.");
const ALREADY_PAUSED: Reason = Reason("It is paused already.");

/// Whether a service in this state, with or without something to run, admits an action.
///
/// # Errors
/// The reason that speaks against it.
pub fn admits(state: Option<ServiceState>, has_image: bool, action: Action) -> Result<(), Reason> {
    match (action, state) {
        (Action::Deploy, _) if !has_image => Err(Reason::NO_IMAGE),
        (Action::Restart | Action::Scale | Action::Pause, Some(ServiceState::Undeployed)) => {
            Err(NEVER_DEPLOYED)
        }
        (Action::Restart, Some(ServiceState::Paused)) => Err(PAUSED),
        (Action::Pause, Some(ServiceState::Paused)) => Err(ALREADY_PAUSED),
        _ => Ok(()),
    }
}

impl Service {
    /// Whether an action can be done in the state that was last seen. Where a platform tells no
    /// state, nothing speaks against it here, and the platform decides.
    ///
    /// # Errors
    /// The reason that speaks against it.
    pub fn can(&self, action: Action) -> Result<(), Reason> {
        let state = self.status.as_ref().and_then(|status| status.state.known());
        admits(
            state,
            self.image.is_some() || self.latest_image.is_some(),
            action,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editing_and_deleting_are_always_possible() {
        use crate::open::Words;
        for state in ServiceState::ALL {
            for action in [Action::Edit, Action::Delete] {
                assert_eq!(admits(Some(*state), false, action), Ok(()));
            }
        }
    }

    #[test]
    fn what_never_ran_can_only_be_deployed() {
        let state = Some(ServiceState::Undeployed);
        assert_eq!(admits(state, true, Action::Deploy), Ok(()));
        assert_eq!(admits(state, false, Action::Deploy), Err(Reason::NO_IMAGE));
        for action in [Action::Restart, Action::Scale, Action::Pause] {
            assert_eq!(admits(state, true, action), Err(NEVER_DEPLOYED));
        }
    }

    #[test]
    fn a_paused_service_is_scaled_up_not_restarted() {
        let state = Some(ServiceState::Paused);
        assert_eq!(admits(state, true, Action::Restart), Err(PAUSED));
        assert_eq!(admits(state, true, Action::Scale), Ok(()));
        assert_eq!(admits(state, true, Action::Pause), Err(ALREADY_PAUSED));
    }
}
