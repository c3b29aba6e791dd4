//! The fields of a message in Protocol Buffers, for the few messages that a server sends.

/// A message that breaks the rules of Protocol Buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireValue<'m> {
    Varint(u64),
    Bytes(&'m [u8]),
    /// A number with 32 or 64 bits, which no message here has.
    Fixed,
}

impl<'m> WireValue<'m> {
    pub(super) fn varint(self) -> Result<u64, Malformed> {
        if let Self::Varint(value) = self { Ok(value) } else { Err(Malformed) }
    }

    /// Returns the content of a text, of bytes or of a nested message.
    pub(super) fn bytes(self) -> Result<&'m [u8], Malformed> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Malformed) }
    }
}

/// Calls `read` for each field with its number, until the end of the message or the first fault.
pub(super) fn read_fields<'m>(
    mut message: &'m [u8],
    mut read: impl FnMut(u64, WireValue<'m>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    while !message.is_empty() {
        let tag = take_varint(&mut message)?;
        let value = match tag & 7 {
            0 => WireValue::Varint(take_varint(&mut message)?),
            1 => take(&mut message, 8).map(|_| WireValue::Fixed)?,
            2 => {
                let length = usize::try_from(take_varint(&mut message)?).map_err(|_| Malformed)?;
                WireValue::Bytes(take(&mut message, length)?)
            }
            5 => take(&mut message, 4).map(|_| WireValue::Fixed)?,
            _ => return Err(Malformed),
        };
        match tag >> 3 {
            0 => return Err(Malformed),
            number => read(number, value)?,
        }
    }
    Ok(())
}

fn take<'m>(message: &mut &'m [u8], length: usize) -> Result<&'m [u8], Malformed> {
    let (taken, rest) = message.split_at_checked(length).ok_or(Malformed)?;
    *message = rest;
    Ok(taken)
}

/// A varint has at most ten bytes.
fn take_varint(message: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = take(message, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(message: &[u8]) -> Result<Vec<(u64, WireValue<'_>)>, Malformed> {
        let mut fields = Vec::new();
        read_fields(message, |number, value| {
            fields.push((number, value));
            Ok(())
        })?;
        Ok(fields)
    }

    #[test]
    fn fields_of_all_types_are_read() {
        let message = b"\x08\xac\x02\x12\x02hi\x1d1234\x2112345678";
        let expected = [
            (1, WireValue::Varint(300)),
            (2, WireValue::Bytes(b"hi")),
            (3, WireValue::Fixed),
            (4, WireValue::Fixed),
        ];
        assert_eq!(fields(message).unwrap(), expected);
        let minus_one = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(fields(minus_one).unwrap(), [(1, WireValue::Varint(u64::MAX))]);
        assert_eq!(fields(b"").unwrap(), []);
    }

    #[test]
    fn malformed_messages_are_refused() {
        let malformed: [&[u8]; 7] =
            [b"\x08", b"\x12\x03hi", b"\x1d123", b"\x0b", b"\x00\x00", b"\x12\xff", &[0x80; 12]];
        for message in malformed {
            assert_eq!(fields(message), Err(Malformed), "{message:?}");
        }
    }
}
