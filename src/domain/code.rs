//! Closed lists of codes: one declaration gives the enum, its text in JSON and in the database, and the list of all.

/// A closed list whose members have a stable text.
pub trait Code: Copy + Eq + Sized + 'static {
    const ALL: &'static [Self];
    fn as_str(self) -> &'static str;
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

/// The texts of several.
pub fn codes<T: Code>(of: &[T]) -> Vec<&'static str> {
    of.iter().map(|code| code.as_str()).collect()
}

/// Declares an enum and its texts: `code_list! { /// doc\n pub enum X { A = "a", B = "b" } }`.
macro_rules! code_list {
    ($(#[doc = $doc:literal])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
                 serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }
        impl $crate::domain::code::Code for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        // By hand: utoipa's derive does not see a literal that came through a macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($text),+]))
                    .description(Some(concat!($($doc, "\n"),*).trim()))
                    .build()
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
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
