//! What figures are made of (Dutch: cijfers): as what a report counts, in which cells of the tables of counts, and what it
//! takes out of them when it changes. Pure: counting all reports anew gives the same as following each change.

pub mod dimension;
pub mod facts;
pub mod fingerprint;
pub mod footprint;
pub mod light;
pub mod spread;
pub mod steps;

#[cfg(test)]
mod tests;

use crate::domain::code::code_list;

code_list! {
    /// From which reports figures are made; the two are never mixed (Dutch: grondslag).
    pub enum Basis {
        /// All reports that are not confidential (overheid).
        Government = "government",
        /// What the public register shows, and of it nothing that it does not (openbaar).
        Public = "public",
    }
}
