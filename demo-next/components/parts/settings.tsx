"use client";
import { Card, Checkbox, Flex, Heading, Select, Slider, Switch, Text, TextArea, TextField } from "@radix-ui/themes";
import { useField } from "twinstate/react";
import { ROOMS } from "../../state/booking";
import { useBooking } from "../../state/client";
import { Labelled, LabelledBeside } from "./labelled";

/** Radix Themes gives its thumb no name, by which a screen reader would tell what slides. */
const nameThumb = (slider: HTMLElement | null) => slider?.querySelector("[role=slider]")?.setAttribute("aria-labelledby", "seats");

/** A value of each kind in a control of its kind. */
export function Settings() {
  const booking = useBooking();
  const title = useField(booking, "title");
  const note = useField(booking, "note");
  const room = useField(booking, "room");
  const seats = useField(booking, "seats");
  const music = useField(booking, "music");
  const confirmed = useField(booking, "confirmed");
  return (
    <Card size="3" asChild>
      <section aria-label="Booking">
        <Flex direction="column" gap="4">
          <Heading as="h2" size="4">
            Booking
          </Heading>
          <Labelled label="Title" of={title}>
            {(control) => <TextField.Root {...title} {...control} />}
          </Labelled>
          <Labelled label="Note" of={note}>
            {(control) => <TextArea {...note} {...control} rows={3} />}
          </Labelled>
          <Labelled label="Room" of={room}>
            {(control) => (
              <Select.Root {...room.radix}>
                <Select.Trigger {...control} />
                <Select.Content>
                  {ROOMS.map((one) => (
                    <Select.Item value={one} key={one}>
                      {one}
                    </Select.Item>
                  ))}
                </Select.Content>
              </Select.Root>
            )}
          </Labelled>
          <Flex direction="column" gap="2">
            <Flex justify="between">
              <Text size="2" weight="medium" id="seats">
                Seats
              </Text>
              <Text size="2" color="gray" data-testid="seats">
                {seats.value}
              </Text>
            </Flex>
            <Slider ref={nameThumb} min={1} max={60} value={[Number(seats.value)]} onValueChange={([next = 1]) => seats.onChange(next)} />
          </Flex>
          <LabelledBeside label="Music" of={music}>
            {(control) => <Switch {...music.radix} {...control} />}
          </LabelledBeside>
          <LabelledBeside label="The date is confirmed" of={confirmed}>
            {(control) => <Checkbox {...confirmed.radix} {...control} />}
          </LabelledBeside>
        </Flex>
      </section>
    </Card>
  );
}
