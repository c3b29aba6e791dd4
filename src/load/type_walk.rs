//! The tables and lists above the end of a walk over the type of the configuration.

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess},
};

/// The only entry of a table or map, named by the path of the walk.
pub(super) struct Entry<'p, W> {
    pub(super) key: &'p str,
    pub(super) value: W,
}

impl<'de, W: Deserializer<'de> + Copy> MapAccess<'de> for Entry<'_, W> {
    type Error = W::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, W::Error> {
        let key: de::value::StrDeserializer<'_, W::Error> = de::value::StrDeserializer::new(self.key);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, W::Error> {
        seed.deserialize(self.value)
    }
}

/// Any element of a list.
pub(super) struct Element<W>(pub(super) W);

impl<'de, W: Deserializer<'de> + Copy> SeqAccess<'de> for Element<W> {
    type Error = W::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, W::Error> {
        seed.deserialize(self.0).map(Some)
    }
}
