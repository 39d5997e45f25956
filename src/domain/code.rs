//! Closed lists of codes: one declaration gives the enum, its text in JSON and in the database, and the list of all.

/// A closed list whose members have a stable text.
pub trait Code: Copy + Eq + Sized + 'static {
    const ALL: &'static [Self];
    fn as_str(self) -> &'static str;
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

/// Declares an enum and its texts: `code_list! { /// doc\n pub enum X { A = "a", B = "b" } }`.
macro_rules! code_list {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
                 serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }
        impl $crate::domain::code::Code for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::domain::code::Code::as_str(*self))
            }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as $crate::domain::code::Code>::parse(text).ok_or_else(|| {
                    let all: Vec<&str> = <Self as $crate::domain::code::Code>::ALL
                        .iter()
                        .map(|code| $crate::domain::code::Code::as_str(*code))
                        .collect();
                    format!("expected one of {}", all.join(", "))
                })
            }
        }
    };
}
pub(crate) use code_list;
