//! A share as a traffic light, as SOLVIT, the network of the European Commission and the Member States, shows whether its
//! centres are in time.

use crate::domain::code::code_list;

code_list! {
    /// A share as a traffic light: green from 75 %, amber from 50 %, red below (Dutch: stoplicht).
    pub enum Light {
        Green = "green",
        Amber = "amber",
        Red = "red",
    }
}

impl Light {
    /// The light of a share between 0 and 1.
    pub fn of(share: f64) -> Self {
        if share >= 0.75 {
            Light::Green
        } else if share >= 0.5 {
            Light::Amber
        } else {
            Light::Red
        }
    }
}
