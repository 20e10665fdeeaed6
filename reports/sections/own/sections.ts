/** The sections experiments add to the report of their cells: one line each. */
import { capacitySection } from "./capacity.ts";
import { costOfClusterSection } from "./cost.ts";
import { duplexSection } from "./duplex.ts";
import { echoSection } from "./echo.ts";
import { federationSection } from "./federation.ts";
import { idleSection } from "./idle.ts";
import { idleHourSection } from "./idle-hour.ts";
import { literatureSection } from "./literature.ts";
import { serverFanOutSection, slowReaderSection } from "./one-server-to-many.ts";
import { binarySection, connectSection, presenceSection, pushSection, roomSection } from "./over-parameter.ts";
import type { OwnSection } from "./own-section.ts";
import { profileSection } from "./profile.ts";
import { proxySection } from "./proxy.ts";
import { resumeSection } from "./resume.ts";
import { scalingSection } from "./scaling.ts";
import { securitySection } from "./security.ts";
import { throughputSection } from "./throughput.ts";
import { wireSection } from "./wire.ts";

export const ownSections: readonly OwnSection[] = [
  echoSection,
  throughputSection,
  duplexSection,
  pushSection,
  idleSection,
  idleHourSection,
  federationSection,
  capacitySection,
  profileSection,
  securitySection,
  binarySection,
  connectSection,
  wireSection,
  literatureSection,
  proxySection,
  roomSection,
  serverFanOutSection,
  slowReaderSection,
  presenceSection,
  resumeSection,
  scalingSection,
  costOfClusterSection,
];
