"""How many wrong codes were tried for whom."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_exports'),
    ]

    operations = [
        migrations.CreateModel(
            name='CodeTries',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('all_back_at', models.FloatField(db_default=0, default=0)),
            ],
        ),
    ]
