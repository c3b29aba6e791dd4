//! Enums whose variants are words of the configuration.

/// Declares an enum whose variants are written as the given words, exactly. Words after `|` are
/// understood too. Words in `refused` have a help of their own. It has no serde implementations.
macro_rules! word_enum {
    (
        $(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $text:literal $(| $alias:literal)*),+ $(,)? }
        $(refused { $($refused:literal => $help:literal),+ $(,)? })?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name { $($(#[doc = $doc])* $variant),+ }

        impl $name {
            /// Returns the word for this value in the configuration.
            #[must_use]
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::config::value::ConfigValue for $name {
            const EXPECTED: &'static str = "a word in quotes";
            const WORDS: Option<&'static [&'static str]> = Some(&[$($text),+]);
            const WORD_DOCS: &'static [&'static str] = &[$(concat!($($doc),*)),+];

            fn parse_str(text: &str) -> Result<Self, crate::config::value::ParseError> {
                match text {
                    $($text $(| $alias)* => Ok(Self::$variant),)+
                    $($($refused => {
                        let words = Self::WORDS.unwrap_or_default();
                        Err(crate::config::value::ParseError::not_one_of(text, words).with_help($help))
                    })+)?
                    _ => Err(crate::config::value::ParseError::not_one_of(text, &[$($text),+])),
                }
            }
        }
    };
}
pub(crate) use word_enum;

/// Declares a [`word_enum`] with serde implementations.
macro_rules! string_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($variants:tt)* } $($refused:tt)*) => {
        crate::config::value::word_enum! { $(#[$meta])* $vis enum $name { $($variants)* } $($refused)* }
        crate::config::value::string_value!($name);
    };
}
pub(crate) use string_enum;
