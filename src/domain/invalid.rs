//! Faulty input, field by field: what the caller sent and cannot be accepted.

/// One faulty field: where it is, a stable code, and the values its message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body (RFC 6901), or the name of a query key.
    pub pointer: String,
    pub code: &'static str,
    pub params: Vec<(&'static str, String)>,
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, code: &'static str) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            params: Vec::new(),
        }
    }

    /// Adds a value that the message names, such as the longest length allowed.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }
}
