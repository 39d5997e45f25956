//! Sign-ins are slowed, per account and per source address, without locking anybody out.
//!
//! What fails fills three buckets: that of the account from this address, that of the address, and that of the account from
//! everywhere. The last does not count for an address the account has signed in from before: whoever attacks an account from
//! elsewhere, even from a thousand places, keeps its owner out of nothing. From a new place, while an attack goes on, the
//! mailed password link is the way in. All of it is kept in the memory of this node.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::services::Error;
use crate::services::throttle::Buckets;

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Source {
    pub address: IpAddr,
    /// The program, in a few words that tell its owner which it is.
    pub program: Option<String>,
}

/// An address as it is counted: of IPv6 the network that one customer gets.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let prefix = v6.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
        v4 => v4,
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Keeps the counts.
pub struct Guard {
    on: bool,
    /// An account is kept as a number that means nothing elsewhere.
    hasher: RandomState,
    pairs: Buckets<(u64, IpAddr)>,
    accounts: Buckets<u64>,
    addresses: Buckets<IpAddr>,
    links: Buckets<IpAddr>,
    /// Where an account has signed in from: holds one for a month.
    familiar: Buckets<(u64, IpAddr)>,
}

/// An attempt under way, counted as a failure until it says otherwise.
#[must_use]
pub struct Attempt<'a> {
    guard: &'a Guard,
    account: Option<u64>,
    address: IpAddr,
    familiar: bool,
}

impl Guard {
    /// `failures` of one account from one address go unhindered; 0 hinders nobody.
    pub fn new(failures: u32) -> Self {
        let seconds = Duration::from_secs;
        Self {
            on: failures > 0,
            hasher: RandomState::new(),
            pairs: Buckets::new(failures, seconds(60)),
            accounts: Buckets::new(failures.saturating_mul(20), seconds(30)),
            addresses: Buckets::new(failures.saturating_mul(10), seconds(10)),
            links: Buckets::new(failures.saturating_mul(4), seconds(30)),
            familiar: Buckets::new(1, 30 * DAY),
        }
    }

    /// An attempt to prove to be `account`, an address or an id.
    pub fn attempt(&self, account: &str, from: &Source) -> Result<Attempt<'_>, Error> {
        self.begin(Some(self.hasher.hash_one(account)), from, Instant::now())
    }

    /// An attempt with a token that does not say whose it is.
    pub fn attempt_unnamed(&self, from: &Source) -> Result<Attempt<'_>, Error> {
        self.begin(None, from, Instant::now())
    }

    fn begin(
        &self,
        account: Option<u64>,
        from: &Source,
        now: Instant,
    ) -> Result<Attempt<'_>, Error> {
        let address = network(from.address);
        let familiar = account.is_some_and(|account| self.familiar.holds((account, address), now));
        let attempt = Attempt {
            guard: self,
            account,
            address,
            familiar,
        };
        if !self.on {
            return Ok(attempt);
        }
        self.addresses.take(address, now).map_err(slowed)?;
        let Some(account) = account else {
            return Ok(attempt);
        };
        let pair = self.pairs.take((account, address), now).inspect_err(|_| {
            self.addresses.give_back(address);
        });
        pair.map_err(slowed)?;
        if !familiar {
            let whole = self.accounts.take(account, now).inspect_err(|_| {
                self.addresses.give_back(address);
                self.pairs.give_back((account, address));
            });
            whole.map_err(slowed)?;
        }
        Ok(attempt)
    }

    /// Somebody asks for a password link: all count, since nobody is told whether there was such an account.
    pub fn link(&self, from: &Source) -> Result<(), Error> {
        if self.on {
            let address = network(from.address);
            self.links.take(address, Instant::now()).map_err(slowed)?;
        }
        Ok(())
    }

    /// The owner of an account was at this address.
    pub fn recognise(&self, account: &str, from: &Source) {
        let key = (self.hasher.hash_one(account), network(from.address));
        // Already known: nothing to add.
        let _ = self.familiar.take(key, Instant::now());
    }
}

impl Attempt<'_> {
    /// It was right: it counts for nothing, and the address is known from now on.
    pub fn succeeded(self) {
        if let Some(account) = self.account {
            let _ = self
                .guard
                .familiar
                .take((account, self.address), Instant::now());
        }
        self.forgive();
    }

    /// It came to no verdict.
    pub fn forgive(self) {
        if !self.guard.on {
            return;
        }
        self.guard.addresses.give_back(self.address);
        if let Some(account) = self.account {
            self.guard.pairs.give_back((account, self.address));
            if !self.familiar {
                self.guard.accounts.give_back(account);
            }
        }
    }
}

fn slowed(wait: Duration) -> Error {
    Error::TooMany {
        code: "too_many_attempts",
        wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Source {
        Source {
            address: address.parse().unwrap(),
            program: None,
        }
    }

    fn fails(guard: &Guard, account: &str, from: &str) -> bool {
        guard.attempt(account, &at(from)).is_ok()
    }

    #[test]
    fn an_account_is_slowed_from_where_it_fails_and_nowhere_else() {
        let guard = Guard::new(5);
        for _ in 0..5 {
            assert!(fails(&guard, "jan", "192.0.2.1"));
        }
        assert!(!fails(&guard, "jan", "192.0.2.1"));
        assert!(fails(&guard, "jan", "192.0.2.2"), "its owner elsewhere");
        assert!(fails(&guard, "piet", "192.0.2.1"), "another here");
    }

    #[test]
    fn an_address_is_slowed_whatever_accounts_it_tries() {
        let guard = Guard::new(5);
        let tried = (0..100).filter(|n| fails(&guard, &format!("account {n}"), "192.0.2.1"));
        assert_eq!(tried.count(), 50);
        assert!(guard.attempt_unnamed(&at("192.0.2.1")).is_err());
        assert!(fails(&guard, "account 1", "192.0.2.2"));
    }

    #[test]
    fn an_attack_from_everywhere_slows_strangers_and_not_the_owner() {
        let guard = Guard::new(5);
        let owner = at("198.51.100.7");
        guard.attempt("jan", &owner).unwrap().succeeded();
        let tried =
            (0..500).filter(|n| fails(&guard, "jan", &format!("10.0.{}.{}", n / 250, n % 250)));
        assert_eq!(tried.count(), 100);
        for _ in 0..20 {
            guard.attempt("jan", &owner).unwrap().succeeded();
        }
        // From a new place the mailed link opens the way.
        let new = at("203.0.113.9");
        assert!(guard.attempt("jan", &new).is_err());
        guard.recognise("jan", &new);
        guard.attempt("jan", &new).unwrap().succeeded();
    }

    #[test]
    fn what_succeeds_or_comes_to_no_verdict_counts_for_nothing() {
        let guard = Guard::new(2);
        for _ in 0..50 {
            guard.attempt("jan", &at("192.0.2.1")).unwrap().succeeded();
            guard.attempt("piet", &at("192.0.2.1")).unwrap().forgive();
        }
        let off = Guard::new(0);
        assert!((0..100).all(|_| fails(&off, "jan", "192.0.2.1")));
    }

    #[test]
    fn one_customer_of_ipv6_is_one_address() {
        let guard = Guard::new(1);
        assert!(fails(&guard, "jan", "2001:db8:1:2::1"));
        assert!(!fails(&guard, "jan", "2001:db8:1:2:ffff::9"));
        assert!(fails(&guard, "jan", "2001:db8:1:3::1"));
        assert!(fails(&guard, "jan", "192.0.2.1"));
        assert!(!fails(&guard, "jan", "::ffff:192.0.2.1"));
    }
}
